{#-
    The records of all mappings in the common shape: one select per source. `rows` is
    the relation of records as they were read. What a
    source's values are made of is in the models stg_histories__sources and
    stg_histories__fields, which the plugin fills from histories.yml. Contract: docs/histories.md.
-#}
{% macro mapped_records(rows) -%}
    {%- set sources = mapped_sources() -%}
    {%- for source in sources %}
    select
        {{ record_values(source) }}
    from {{ rows }}
    where
        source_csv = {{ sql_text(source.source_csv) }}
        and (fault is not null or ({{ is_a_record(source["values"]) }}))
    {{ "union all" if not loop.last }}
    {%- else %}
    {{ no_records() }}
    {%- endfor %}
{%- endmacro %}


{#-
    The mappings of histories.yml: {source_csv, kind, time_form, time_zone, success,
    values}. `values` has the parts of each value, by the field's name.
-#}
{% macro mapped_sources() %}
    {% set sources = {} %}
    {% if execute %}
        {% set asked %}
            select
                settings.source_csv,
                settings.kind,
                settings.time_form,
                settings.time_zone,
                settings.success,
                fields.field,
                fields.kind as part_kind,
                fields.text,
                fields.accepted,
                fields.value,
                fields.is_optional
            from {{ ref("stg_histories__sources") }} as settings
            inner join {{ ref("stg_histories__fields") }} as fields
                on settings.source_csv = fields.source_csv
            order by settings.source_number, fields.field, fields.part
        {% endset %}
        {% for row in run_query(asked).rows %}
            {% if row.source_csv not in sources %}
                {% do sources.update({row.source_csv: {
                    "source_csv": row.source_csv,
                    "kind": row.kind,
                    "time_form": row.time_form,
                    "time_zone": row.time_zone,
                    "success": row.success,
                    "values": {},
                }}) %}
            {% endif %}
            {% set values = sources[row.source_csv]["values"] %}
            {% do values.setdefault(row.field, []).append({
                "kind": row.part_kind,
                "text": row.text,
                "accepted": row.accepted,
                "value": row.value,
                "is_optional": row.is_optional,
            }) %}
        {% endfor %}
    {% endif %}
    {% do return(sources.values() | list) %}
{% endmacro %}


{% macro record_values(source) -%}
    {%- set values = source["values"] -%}
    source_csv,
        file,
        file_number,
        place,
        position,
        {{ sql_text(source.kind) }} as kind,
        {{ identifying_text(values.get("id")) }} as record_id,
        {{ joined_text(values.get("task_id")) }} as task_id,
        {{ joined_text(values.get("combo_id")) }} as combo_id,
        {{ joined_text(values.get("template_id")) }} as template_id,
        {{ joined_text(values.get("model_id")) }} as model_id,
        {{ record_status(source) }} as status,
        {{ joined_text(values.get("created_at")) }} as timestamp_text,
        {{ record_instant(source) }} as occurred_at,
        {{ time_origin(values.get("created_at")) }} as created_from,
        {{ whole_text(values.get("prompt")) }} as prompt,
        {{ whole_text(values.get("response")) }} as response,
        {{ finite_number(joined_text(values.get("score"))) }} as score,
        {{ score_words(values) }} as score_text,
        {{ record_links(values) }} as links,
        {{ joined_text(values.get("run_id")) }} as origin_run_id,
        {{ kept_values(values) }} as meta,
        fault
{%- endmacro %}


{#- The fields of a group, such as `follows.id` of `follows`, by name. -#}
{% macro fields_below(values, group) %}
    {% set found = [] %}
    {% for field in values if field.startswith(group ~ ".") %}
        {% do found.append(field) %}
    {% endfor %}
    {% do return(found | sort) %}
{% endmacro %}


{#- One part of a value, as text; null if the record lacks it. -#}
{% macro value_part(part) -%}
    {%- if part.kind == "constant" -%}
        {{ sql_text(part.text) }}
    {%- elif part.kind == "file" -%}
        nullif(
            regexp_extract(regexp_extract(file, '[^/]*$'), {{ sql_text(part.text) }}, 1), ''
        )
    {%- else -%}
        {{ part.text }}
    {%- endif -%}
{%- endmacro %}


{#- A text as the record has it; of several parts, those that are there. -#}
{% macro whole_text(parts) -%}
    {%- if not parts -%}
        cast(null as string)
    {%- elif parts | length == 1 -%}
        {{ value_part(parts[0]) }}
    {%- else -%}
        nullif(concat_ws('/'
            {%- for part in parts %}, {{ untrimmed(value_part(part)) }}{% endfor %}), '')
    {%- endif -%}
{%- endmacro %}


{#- The same, null if it is blank. -#}
{% macro joined_text(parts) -%}
    {%- if not parts -%}
        cast(null as string)
    {%- else -%}
        {{ untrimmed(whole_text(parts)) }}
    {%- endif -%}
{%- endmacro %}


{#- An id, or a part of a link: null unless every part is there. -#}
{% macro identifying_text(parts) -%}
    {%- if not parts -%}
        cast(null as string)
    {%- else -%}
        {%- for part in parts -%}
            {{ untrimmed(value_part(part)) }}{{ " || '/' || " if not loop.last }}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}


{#- `success`, or the record's own word; null if it says none. -#}
{% macro record_status(source) -%}
    {%- set word = joined_text(source["values"].get("status")) -%}
    {%- if "status" not in source["values"] -%}
        'success'
    {%- else -%}
        case
            when
                lower({{ trimmed(word) }}) in (
                    {%- for success in fromjson(source.success or '["success"]') -%}
                        {{ sql_text(success) }}{{ ", " if not loop.last }}
                    {%- endfor -%}
                )
                then 'success'
            when {{ word }} = 'success' then 'success (which is not in the list)'
            else {{ word }}
        end
    {%- endif -%}
{%- endmacro %}


{% macro record_instant(source) -%}
    {%- if "created_at" not in source["values"] -%}
        cast(null as timestamp)
    {%- else -%}
        {{ instant_of(
            trimmed(joined_text(source["values"].created_at)),
            source.time_form,
            source.time_zone
        ) }}
    {%- endif -%}
{%- endmacro %}


{#- How the instant is known: of the record's own values, or of its file's name. -#}
{% macro time_origin(parts) -%}
    {%- if not parts -%}
        'none'
    {%- else -%}
        {%- set kinds = parts | map(attribute="kind") | unique | list -%}
        {%- set origin =
            "run" if kinds == ["constant"] else "row" if "column" in kinds else "file"
        -%}
        case when {{ joined_text(parts) }} is null then 'none' else '{{ origin }}' end
    {%- endif -%}
{%- endmacro %}


{#- The words of a score that is no number. -#}
{% macro score_words(values) -%}
    {%- set score = joined_text(values.get("score")) -%}
    {%- if not values.get("score") -%}
        {{ joined_text(values.get("score_text")) }}
    {%- else -%}
        coalesce(
            {{ joined_text(values.get("score_text")) }},
            case when {{ finite_number(score) }} is null then {{ score }} end
        )
    {%- endif -%}
{%- endmacro %}


{#- The links of a record; a blank `follows` is none, a blank target names nothing. -#}
{% macro record_links(values) -%}
    {%- set targets = [] -%}
    {%- for field in fields_below(values, "targets") -%}
        {%- set number = field.split(".")[1] | int -%}
        {%- if number not in targets -%}{%- do targets.append(number) -%}{%- endif -%}
    {%- endfor -%}
    {%- set has_follows = fields_below(values, "follows") -%}
    list_filter(
        cast([
            {%- if has_follows -%}
                {{ record_link(values, "follows", 1, "follows") }}
                {{- ", " if targets -}}
            {%- endif -%}
            {%- for number in targets | sort -%}
                {{ record_link(values, "targets." ~ number, number, "target") }}
                {{- ", " if not loop.last -}}
            {%- endfor -%}
        ] as {{ links_type() }}),
        lambda link: link.role = 'target' or link.id is not null or link.task_id is not null
    )
{%- endmacro %}


{% macro record_link(values, field, position, role) -%}
    {%- set task_id = identifying_text(values.get(field ~ ".task_id")) -%}
    {%- set model_id = identifying_text(values.get(field ~ ".model_id")) -%}
    {
        'role': '{{ role }}',
        'position': {{ position }},
        'source': {{ identifying_text(values.get(field ~ ".source")) }},
        'id': {{ identifying_text(values.get(field ~ ".id")) }},
        'task_id': case when {{ model_id }} is not null then {{ task_id }} end,
        'model_id': case when {{ task_id }} is not null then {{ model_id }} end
    }
{%- endmacro %}


{% macro links_type() -%}
    struct(
        role varchar, position bigint, source varchar, id varchar, task_id varchar,
        model_id varchar
    )[]
{%- endmacro %}


{#- A JSON object of the values that are to be kept; null if there are none. -#}
{% macro kept_values(values) -%}
    {%- set kept = fields_below(values, "keep") -%}
    {%- if not kept -%}
        cast(null as string)
    {%- else -%}
        nullif('{' || concat_ws(','
            {%- for field in kept -%}
                , {{ sql_text(tojson(field[5:]) ~ ":") }} || {{ kept_value(values[field]) }}
            {%- endfor -%}
        ) || '}', '{}')
    {%- endif -%}
{%- endmacro %}


{% macro kept_value(parts) -%}
    {%- if parts | length == 1 and parts[0].kind == "json" -%}
        {{ parts[0].text }}
    {%- else -%}
        cast(to_json({{ joined_text(parts) }}) as varchar)
    {%- endif -%}
{%- endmacro %}


{#- The conditions of `where`: other rows are no records. -#}
{% macro is_a_record(values) -%}
    {%- set conditions = fields_below(values, "where") -%}
    {%- for field in conditions -%}
        {%- set part = values[field][0] -%}
        {%- set accepted = fromjson(part.accepted) -%}
        {%- set words = accepted | reject("none") | list -%}
        (
            {{- "coalesce(" ~ value_part(part) ~ " in (" if words -}}
            {%- for word in words -%}
                {{ sql_text(word) }}{{ ", " if not loop.last }}
            {%- endfor -%}
            {{- "), false)" if words -}}
            {{- " or " if words and none in accepted -}}
            {{- value_part(part) ~ " is null" if none in accepted -}}
        ){{ " and " if not loop.last }}
    {%- else -%}
        true
    {%- endfor -%}
{%- endmacro %}


{% macro no_records() -%}
    select
        cast(null as string) as source_csv,
        cast(null as string) as file,
        cast(null as bigint) as file_number,
        cast(null as bigint) as place,
        cast(null as string) as position,
        cast(null as string) as kind,
        cast(null as string) as record_id,
        cast(null as string) as task_id,
        cast(null as string) as combo_id,
        cast(null as string) as template_id,
        cast(null as string) as model_id,
        cast(null as string) as status,
        cast(null as string) as timestamp_text,
        cast(null as timestamp) as occurred_at,
        cast(null as string) as created_from,
        cast(null as string) as prompt,
        cast(null as string) as response,
        cast(null as double) as score,
        cast(null as string) as score_text,
        cast(null as {{ links_type() }}) as links,
        cast(null as string) as origin_run_id,
        cast(null as string) as meta,
        cast(null as string) as fault
    where false
{%- endmacro %}
