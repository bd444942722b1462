-- One row per data row of llm_models, with its settings as a JSON object of texts, and
-- its faults. A blank setting is left out.
with settings (setting, form, least, most) as (
    values
    ('temperature', 'number', '0', null),
    ('top_p', 'number', '0', '1'),
    ('max_tokens', 'whole number', '1', null),
    ('seed', 'whole number', null, null),
    ('reasoning_effort', 'text', null, null),
    ('extra_body', 'JSON object', null, null),
    ('requests_per_minute', 'number', '0.001', null),
    ('price_in', 'number', '0', null),
    ('price_out', 'number', '0', null),
    ('timeout_s', 'number', '0.001', null)
),

forms (form, pattern) as (
    values
    ('number', '[+-]?[0-9]{1,12}([.][0-9]{1,12})?'),
    ('whole number', '[+-]?[0-9]{1,18}'),
    ('text', '(?s).*'),
    ('JSON object', '(?s)[{].*[}]')
),

trimmed as (
    select
        row_index,
        nullif(
            trim(
                columns(* exclude (row_index)),
                chr(32) || chr(9) || chr(13) || chr(10)
            ),
            ''
        )
    from llm_models
),

written as (
    unpivot trimmed
    on columns(* exclude (row_index, id, model))
    into name setting value written_text
),

judged as (
    select
        written.row_index,
        written.setting,
        written.written_text,
        case
            when
                not regexp_full_match(written.written_text, forms.pattern)
                or try_cast(written.written_text as double)
                < cast(settings.least as double)
                or try_cast(written.written_text as double)
                > cast(settings.most as double)
                or (
                    settings.form = 'JSON object'
                    and not coalesce(
                        json_type(try_cast(written.written_text as json)) = 'OBJECT',
                        false
                    )
                )
                then
                    written.setting || ' is "' || written.written_text
                    || '": it must be a ' || settings.form
                    || coalesce(' of at least ' || settings.least, '')
                    || coalesce(' and at most ' || settings.most, '')
        end as fault
    from written
    inner join settings on written.setting = settings.setting
    inner join forms on settings.form = forms.form
),

gathered as (
    select
        row_index,
        json_group_object(setting, written_text) as settings_text,
        list(fault order by setting) filter (where fault is not null) as faults
    from judged
    group by row_index
)

select
    trimmed.row_index,
    trimmed.id,
    coalesce(trimmed.model, trimmed.id) as model_name,
    coalesce(gathered.settings_text, '{}') as settings_text,
    coalesce(gathered.faults, []) as faults
from trimmed
left join gathered on trimmed.row_index = gathered.row_index
order by trimmed.row_index
