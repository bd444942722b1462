{#-
    Tables of a new schema: nothing is replaced. A view is a table too, because the
    engines would work out its rows again for each model that reads it.

    dbt-spark hands a query over without fetching a row, so that Spark never runs it: a
    hook that refuses would refuse nothing. So hooks are fetched here.
-#}
{% materialization replaced_table, adapter="spark" %}
    {{ return(made_table()) }}
{% endmaterialization %}


{% materialization replaced_view, adapter="spark" %}
    {{ return(made_table()) }}
{% endmaterialization %}


{% macro made_table() %}
    {% set relation = this.incorporate(type="table") %}
    {% do fetch_hooks(pre_hooks) %}
    {% call statement("main") %}
        create table {{ relation }} using parquet as
        {{ compiled_code }}
    {% endcall %}
    {% do fetch_hooks(post_hooks) %}
    {% do return({"relations": [relation]}) %}
{% endmacro %}


{% macro fetch_hooks(hooks) %}
    {% for hook in hooks %}
        {% set query = render(hook["sql"]) | trim %}
        {% if query %}
            {% do run_query(query) %}
        {% endif %}
    {% endfor %}
{% endmacro %}
