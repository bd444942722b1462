-- One row per attempt and stream that it is in.
-- A stream is the input of a join for one key: the attempts that look for a parent or
-- target (questions), and those that could be it (candidates). An evaluation looks by
-- one task id: int_evaluations__targeted says which. An attempt that a repair links to
-- its parent does not look.
-- A view: only link_candidates reads it.
{{ config(materialized="replaced_view") }}
with resolved as (select * from {{ ref("int_rows__resolved") }}),

answered as (select * from {{ ref("int_attempts__answered") }}),

parents as (select * from {{ ref("int_essays__parented") }}),

targets as (select * from {{ ref("int_evaluations__targeted") }}),

attempts as (
    select
        source_csv,
        row_index,
        row_key,
        task_id,
        combo_id,
        model_id,
        occurred_at,
        created_at,
        doc_id
    from resolved
    where row_key is not null and reason is distinct from 'ignored'
),

asked as (
    select
        parents.row_key,
        'timestamp_join' as link_method,
        essays.combo_id as first_key,
        essays.model_id as second_key,
        parents.parent_row_key as chosen_row_key
    from parents
    inner join attempts as essays on parents.row_key = essays.row_key
    where parents.link_method = 'timestamp_join'
    {%- for link_method in ["essay_task_id", "generation_task_id"] %}
    union all
    select
        answered.row_key,
        '{{ link_method }}' as link_method,
        answered.{{ link_method }} as first_key,
        '' as second_key,
        targets.target_row_key as chosen_row_key
    from answered
    inner join targets on answered.row_key = targets.row_key
    where targets.link_method = '{{ link_method }}'
    {%- endfor %}
),

questions as (
    select
        asked.link_method,
        asked.first_key,
        asked.second_key,
        'question' as role,
        asked.chosen_row_key,
        attempts.source_csv,
        attempts.row_index,
        attempts.row_key,
        attempts.occurred_at,
        attempts.created_at,
        attempts.doc_id
    from asked
    inner join attempts on asked.row_key = attempts.row_key
),

candidates as (
    {%- for link_method, stage, keys in [
        ("timestamp_join", "draft", ("combo_id", "model_id")),
        ("essay_task_id", "essay", ("task_id", "''")),
        ("generation_task_id", "draft", ("task_id", "''")),
    ] %}
    select
        '{{ link_method }}' as link_method,
        {{ keys[0] }} as first_key,
        {{ keys[1] }} as second_key,
        'candidate' as role,
        cast(null as string) as chosen_row_key,
        source_csv,
        row_index,
        row_key,
        occurred_at,
        created_at,
        doc_id
    from attempts
    where source_csv in ({{ sources_of(stage) }})
    {{ "union all" if not loop.last }}
    {%- endfor %}
),

final as (
    {%- for relation in ["questions", "candidates"] %}
    select
        link_method,
        first_key,
        second_key,
        role,
        chosen_row_key,
        source_csv,
        row_index,
        row_key,
        occurred_at,
        created_at,
        doc_id
    from {{ relation }}
    {{ "union all" if not loop.last }}
    {%- endfor %}
)

select * from final
