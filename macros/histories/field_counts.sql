{#-
    One row per field of each mapping: in how many of the source's records it was there.
    `rows` is the relation of records as they were read. An id or a link of several parts
    is there where all of its parts are. A field of `where` is looked for in all rows.
-#}
{% macro field_counts(rows) -%}
    {%- for source in mapped_sources() %}
    {%- set conditions = fields_below(source["values"], "where") %}
    {%- set given = source["values"].keys() | reject("in", conditions) %}
    {{ counts_of(rows, source, given, true) }}
    {%- if conditions %}
    union all
    {{ counts_of(rows, source, conditions, false) }}
    {%- endif %}
    {{ "union all" if not loop.last }}
    {%- else %}
    select
        cast(null as string) as source_csv,
        cast(null as string) as field,
        cast(null as string) as value,
        cast(null as boolean) as is_optional,
        cast(null as bigint) as records,
        cast(null as bigint) as present
    where false
    {%- endfor %}
{%- endmacro %}


{#- The counts of some fields of a mapping: in its records, or in all rows it reads. -#}
{% macro counts_of(rows, source, fields, in_records) -%}
    select
        {{ sql_text(source.source_csv) }} as source_csv,
        counted.field,
        counted.value,
        counted.is_optional,
        records,
        counted.present
    from (
        select
            count(*) as records,
            unnest([
                {%- for field in fields -%}
                    {{ field_count(field, source["values"][field]) }}
                    {{- ", " if not loop.last }}
                {%- endfor -%}
            ]) as counted
        from {{ rows }}
        where
            source_csv = {{ sql_text(source.source_csv) }}
            and fault is null
            {%- if in_records %}
            and ({{ is_a_record(source["values"]) }})
            {%- endif %}
    ) as counts
{%- endmacro %}


{% macro field_count(field, parts) -%}
    {#- A condition that a blank fits may be of a field that no row has. -#}
    {%- set blank_fits =
        field.startswith("where.") and none in fromjson(parts[0].accepted)
    -%}
    {%- set value =
        identifying_text(parts) if field == "id" or "." in field else whole_text(parts)
    -%}
    {
        'field': {{ sql_text(field) }},
        'value': {{ sql_text(parts[0].value) }},
        'is_optional': {{ "true" if parts[0].is_optional or blank_fits else "false" }},
        'present': count({{ value }})
    }
{%- endmacro %}


{#- Stop with the fields that no record of their source has. -#}
{% macro refuse_absent_fields() %}
    {% set message %}
                    'histories.yml: no record has this:' || chr(10)
                    || {{ joined_texts("words", "chr(10)", "words") }} || chr(10)
                    || 'correct the path (`docs-index history check` shows what records '
                    || 'have), or write [optional, …] if the value may be missing; '
                    || 'nothing was written'
    {% endset %}
    select
        case
            when count(*) > 0 then {{ stopped(message) }}
        end
    from (
        select
            '  ' || source_csv || ', ' || field || ': ' || value || ', of '
            || records || case when records = 1 then ' record' else ' records' end
                as words
        from {{ this }}
        where present = 0 and records > 0 and not is_optional
    )
{% endmacro %}
