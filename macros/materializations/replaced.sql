{#-
    Tables and views that replace the old ones in one transaction. The materializations
    of dbt-duckdb write a temporary relation and rename twice. That is not needed: DDL
    is transactional in DuckDB, so a build that fails or is killed leaves the old
    relations. Each model takes half of the statements, which are most of a small
    build's time. Grants, indexes, comments and foreign keys are not supported: the
    build has none.

    Where nothing has changed since the last complete build, a table is kept, and so is
    what its hooks said.

    A Python model is still written to a temporary relation: it runs outside of the
    transaction, and may read its last result.
-#}
{% materialization
    replaced_table, adapter="duckdb", supported_languages=["sql", "python"]
%}
    {% set relation = this.incorporate(type="table") %}
    {% set is_kept = is_current_build() and is_of_documents(model) %}
    {% if is_kept and load_cached_relation(relation) is not none %}
        {% do store_raw_result("main", message="KEPT", code="KEPT", rows_affected=0) %}
        {{ return({"relations": [relation]}) }}
    {% endif %}
    {% set is_python = model["language"] == "python" %}
    {% set made = make_intermediate_relation(relation) if is_python else relation %}
    {{ run_hooks(pre_hooks) }}
    {% do drop_the_old(made) %}
    {% call statement("main", language=model["language"]) %}
        {{ create_table_as(false, made, compiled_code, model["language"]) }}
    {% endcall %}
    {% if is_python %}
        {% do drop_the_old(relation) %}
        {% do adapter.rename_relation(made, relation) %}
    {% endif %}
    {{ run_hooks(post_hooks) }}
    {% do adapter.commit() %}
    {{ return({"relations": [relation]}) }}
{% endmaterialization %}


{% materialization replaced_view, adapter="duckdb" %}
    {% set relation = this.incorporate(type="view") %}
    {{ run_hooks(pre_hooks) }}
    {% do drop_the_old(relation) %}
    {% call statement("main") %}
        {{ create_view_as(relation, sql) }}
    {% endcall %}
    {{ run_hooks(post_hooks) }}
    {% do adapter.commit() %}
    {{ return({"relations": [relation]}) }}
{% endmaterialization %}


{% macro drop_the_old(relation) %}
    {% set old = load_cached_relation(relation) %}
    {% if old is not none %}
        {% call statement("drop_the_old") %}
            drop {{ old.type }} {{ old }}
        {% endcall %}
        {% do adapter.cache_dropped(old) %}
    {% endif %}
{% endmacro %}
