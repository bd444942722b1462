{#- Of dbt: dbt-spark makes a seed's table of the format that Spark is set to. -#}
{% macro spark__create_csv_table(model, agate_table) %}
    {% set types = model["config"].get("column_types", {}) %}
    {% call statement("make") %}
        create table {{ this.render() }} (
            {%- for name in agate_table.column_names %}
            {{ name }} {{ types.get(name, "string") }}{{ "," if not loop.last }}
            {%- endfor %}
        ) using parquet
    {% endcall %}
    {{ return("") }}
{% endmacro %}


{#- Of dbt: dbt-spark puts the values into the statement without escaping them. -#}
{% macro spark__load_csv_rows(model, agate_table) %}
    {% set types = model["config"].get("column_types", {}) %}
    {% set rows = [] %}
    {% for row in agate_table.rows %}
        {% set values = [] %}
        {% for name in agate_table.column_names %}
            {% set value =
                "null" if row[name] is none else sql_text(row[name] | string)
            %}
            {% do values.append(
                "cast(" ~ value ~ " as " ~ types.get(name, "string") ~ ")"
            ) %}
        {% endfor %}
        {% do rows.append("(" ~ values | join(", ") ~ ")") %}
    {% endfor %}
    {% call statement("fill") %}
        insert into {{ this.render() }} values {{ rows | join(", ") }}
    {% endcall %}
    {{ return("") }}
{% endmacro %}
