-- One row per pair of an essay without a parent and a draft that could be its parent,
-- with the evidence. The draft has the same combo and another model, or the same of
-- both and is slightly later than the essay, or its text is in the essay's prompt.
with source_rows as (select * from {{ source("run", "source_rows") }}),

draft_texts as (select * from {{ source("run", "draft_texts") }}),

prompts as (select * from {{ source("run", "prompts") }}),

sought_parents as (select * from {{ ref("sought_parents") }}),

-- The draft or link document that wins a tie of a combo, model and instant.
drafts as (
    select
        row_key,
        combo_id,
        model_id,
        occurred_at
    from source_rows
    where reason is null and stage = 'draft'
    qualify row_number() over (
        partition by combo_id, model_id, occurred_at
        order by source_csv asc, row_index desc
    ) = 1
),

-- The models with the latest drafts of a combo, because a combo may have thousands.
models as (
    select
        combo_id,
        model_id
    from drafts
    group by combo_id, model_id
    qualify row_number() over (
        partition by combo_id
        order by max(occurred_at) desc, model_id asc
    ) <= {{ var("most_names_of_a_key") }}
),

with_longest_lines as (
    select
        row_key,
        trim(replace(text, chr(13), ''), chr(32) || chr(9) || chr(10)) as text,
        list_sort(
            list_transform(
                string_split(replace(text, chr(13), ''), chr(10)),
                lambda each: (length(each), each)
            ),
            'desc'
        )[1][2] as longest
    from draft_texts
),

-- Only if few drafts share that line.
longest_lines as (
    select
        row_key,
        text,
        longest
    from with_longest_lines
    where length(longest) >= {{ var("shortest_line_chars") }}
    qualify count(*) over (partition by longest) <= {{ var("most_names_of_a_key") }}
),

prompt_lines as (
    select distinct
        write_order,
        unnest(string_split(replace(text, chr(13), ''), chr(10))) as prompt_line
    from prompts
),

held as (
    select
        prompt_lines.write_order,
        longest_lines.row_key,
        0.95 as confidence,
        'its text is in the prompt of the essay' as evidence
    from prompt_lines
    inner join longest_lines on prompt_lines.prompt_line = longest_lines.longest
    inner join prompts on prompt_lines.write_order = prompts.write_order
    where contains(replace(prompts.text, chr(13), ''), longest_lines.text)
),

-- Essays with each other model of their combo.
others as (
    select
        essays.write_order,
        essays.combo_id,
        models.model_id,
        essays.occurred_at
    from sought_parents as essays
    inner join models
        on
            essays.combo_id = models.combo_id
            and essays.model_id != models.model_id
),

before_by_others as (
    select
        others.write_order,
        drafts.row_key,
        0.5 - 0.05 * least(
            row_number() over (
                partition by others.write_order
                order by drafts.occurred_at desc, drafts.model_id asc
            ) - 1,
            4
        ) as confidence,
        'the latest of the combo by ' || drafts.model_id || ' before the essay'
            as evidence
    from others
    asof join drafts
        on
            others.combo_id = drafts.combo_id
            and others.model_id = drafts.model_id
            and others.occurred_at >= drafts.occurred_at
),

after_by_others as (
    select
        others.write_order,
        drafts.row_key,
        0.25 as confidence,
        'the first of the combo by ' || drafts.model_id || ' after the essay'
            as evidence
    from others
    asof join drafts
        on
            others.combo_id = drafts.combo_id
            and others.model_id = drafts.model_id
            and others.occurred_at < drafts.occurred_at
),

after as (
    select
        essays.write_order,
        drafts.row_key,
        case
            when drafts.occurred_at - essays.occurred_at <= interval 1 hour then 0.8
            when drafts.occurred_at - essays.occurred_at <= interval 1 day then 0.6
            else 0.3
        end as confidence,
        'the first of the combo and model after the essay, by '
        || (drafts.occurred_at - essays.occurred_at) as evidence
    from sought_parents as essays
    asof join drafts
        on
            essays.combo_id = drafts.combo_id
            and essays.model_id = drafts.model_id
            and essays.occurred_at < drafts.occurred_at
),

every_one as (
    select * from held
    union all
    select * from before_by_others
    union all
    select * from after_by_others
    union all
    select * from after
),

final as (
    select
        write_order,
        row_key,
        cast(max(confidence) as double) as confidence,
        string_agg(evidence, '; ' order by confidence desc, evidence asc) as evidence
    from every_one
    group by write_order, row_key
)

select * from final
