-- One row per record of all histories, with its texts and its defaults.
-- The only table of texts: those that come after it find a text by record_number. The
-- rows stay in the order of the files, so that a range of numbers is read as a piece.
-- What the models ask of the texts is here, since a scan of all texts holds them all:
-- DuckDB keeps what it reads of texts of more than 4 KB until a query ends.
{% set tools = history_tools() %}
{% set given_columns = [
    "kind", "task_id", "combo_id", "template_id", "model_id", "status",
    "timestamp_text", "prompt", "response", "score", "score_text", "links",
    "origin_run_id", "meta",
] %}
{% set is_of_named_kind -%}
    sources.tool is null
    or (united.kind = 'judgement') = (coalesce(sources.stage, '') = 'evaluation')
{%- endset %}
with sources as (select * from {{ ref("stg_histories__sources") }}),

mapped as (select * from {{ ref("stg_histories__records") }}),
{%- for tool in tools %}
{{ tool }} as (select * from {{ ref("stg_" ~ tool ~ "__records") }}),
{%- endfor %}

-- How many records the earlier files of a source have at most.
file_offsets as (
    select
        source_csv,
        file_number,
        sum(records) over (
            partition by source_csv
            order by file_number
            rows between unbounded preceding and current row
        ) - records as records_before
    from (
        select
            source_csv,
            file_number,
            max(place) as records
        from mapped
        group by source_csv, file_number
    ) as files
),

of_tools as (
    {%- for tool in tools %}
    select
        source_csv,
        {%- for column in record_columns()[1:-1] %}
        {{ column }},
        {%- endfor %}
        fault
    from {{ tool }}
    {{ "union all" if not loop.last }}
    {%- endfor %}
),

united as (
    select
        mapped.*,
        mapped.place + cast(file_offsets.records_before as bigint) as row_index
    from mapped
    inner join file_offsets
        on
            mapped.source_csv = file_offsets.source_csv
            and mapped.file_number = file_offsets.file_number
    union all
    select
        *,
        row_number() over (
            partition by source_csv
            order by
                file_number asc, place asc, kind desc, record_id asc, position asc
        ) as row_index
    from of_tools
),

described as (
    select
        united.*,
        sources.source_number * 10000000000 + united.row_index as record_number,
        -- A tool's file holds both kinds: stage and parser of the source are of one.
        case when {{ is_of_named_kind }} then sources.stage end as named_stage,
        case when {{ is_of_named_kind }} then sources.parser end as parser
    from united
    inner join sources on united.source_csv = sources.source_csv
),

given as (
    select
        *,
        case
            when record_id is null then {{ values_text(given_columns) }} else ''
        end as given_values
    from described
),

identified as (
    select
        *,
        coalesce(record_id, given_key) as known_id
    from {{ keyed("given", "given_key", ["'record'", "given_values"]) }}
),

named as (
    select
        *,
        coalesce(
            task_id, case when prompt is not null then task_key end, known_id
        ) as known_task
    from
        {{ keyed(
            "identified", "task_key",
            ["'task'", "case when task_id is null then coalesce(prompt, '') else '' end"]
        ) }}
),

with_texts as (
    select
        *,
        coalesce(
            response,
            coalesce(score_text, {{ decimal_text("score") }}) || chr(10)
        ) as raw
    from named
),

final as (
    select
        record_number,
        source_csv,
        row_index,
        file,
        position,
        kind,
        coalesce(named_stage, kind) as stage,
        known_id as record_id,
        known_task as task_id,
        coalesce(combo_id, known_task) as combo_id,
        coalesce(template_id, 'none') as template_id,
        model_id,
        status,
        timestamp_text,
        occurred_at,
        created_from,
        prompt,
        strlen(prompt) as prompt_bytes,
        {{ sha256_hex("prompt") }} as prompt_hash,
        response is not null as has_response,
        raw,
        strlen(raw) as raw_bytes,
        length(raw) as raw_chars,
        {{ sha256_hex("raw") }} as content_hash,
        score,
        score_text,
        links,
        origin_run_id,
        {{ canonical_json("meta") }} as meta,
        parser,
        fault
    from with_texts
)

select * from final
