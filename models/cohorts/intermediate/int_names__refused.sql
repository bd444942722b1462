-- One row per name in the selection file that its table does not have, and per line
-- that names nothing.
with names as (select * from {{ ref("int_names__listed") }}),

templates as (select * from {{ ref("stg_cohorts__templates") }}),

models as (select * from {{ ref("stg_cohorts__models") }}),

known as (
    select
        'templates' as kind,
        template_id as known_name
    from templates
    union all
    select
        'models' as kind,
        llm_model_id as known_name
    from models
),

kinds as (
    select
        'templates' as kind,
        'template' as kind_word,
        '1_raw/evaluation_templates.csv has '
        || coalesce({{ joined_texts("template_id", "', '", "row_index") }}, 'none')
            as known_names
    from templates
    union all
    select
        'models' as kind,
        'model' as kind_word,
        '1_raw/llm_models.csv has '
        || coalesce({{ joined_texts("llm_model_id", "', '", "row_index") }}, 'none')
            as known_names
    from models
),

unknown as (
    select
        names.line_number,
        kinds.kind_word || ' "' || names.listed_name || '" is not known: '
        || kinds.known_names as fault
    from names
    inner join kinds on names.kind = kinds.kind
    where
        names.listed_name != ''
        and (names.kind, names.listed_name) not in (
            select (known.kind, known.known_name)
            from known
            where known.known_name is not null
        )
),

blank as (
    select
        names.line_number,
        'names no ' || kinds.kind_word || ': ' || kinds.known_names as fault
    from names
    inner join kinds on names.kind = kinds.kind
    group by names.line_number, kinds.kind_word, kinds.known_names
    having max(names.listed_name) = ''
),

faults as (
    select
        line_number,
        fault
    from unknown
    union all
    select
        line_number,
        fault
    from blank
),

final as (
    select
        1 as kind_order,
        line_number as subject_order,
        '2_tasks/selected_essays.txt' as subject,
        'line ' || line_number || ': ' || fault as fault
    from faults
)

select * from final
