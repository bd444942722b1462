{#-
    The build record: what the last build was made for, written by the build itself.

    The table `build_record` has one row. Any dbt command that can change a table marks
    the record as `unfinished`. Only a `dbt build` of the whole project marks it as
    `complete`, if every seed, model and data test succeeded. Scripts accept only a
    complete build. A killed build leaves its record unfinished.
-#}
{% macro begin_build_record() %}
    {% if execute and flags.WHICH in ("build", "run", "seed", "snapshot", "clone") %}
        {{ emptied_schemas(["cohort_inputs"]) }}
    {% endif %}
    {% if execute and flags.WHICH in ("build", "run", "seed", "snapshot", "clone")
        and not only_a_cohort_is_selected() %}
        {{ emptied_schemas(["cross_experiment", "raw", "data_root"]) }}
        create or replace table {{ target.schema }}.build_record as
        select
            'unfinished' as status,
            cast(null as string) as data_root,
            {{ sql_text(run_id()) }} as run_id,
            {{ sql_text(evaluation_root()) }} as evaluation_root,
            cast({{ max_response_bytes() }} as bigint) as max_response_bytes
    {% endif %}
{% endmacro %}


{% macro emptied_schemas(schemas) %}
    {% for schema in schemas %}
        drop schema if exists {{ target.database }}.{{ schema }} cascade;
        {#- Two threads that load sources at once must not both create it. #}
        create schema {{ target.database }}.{{ schema }};
    {% endfor %}
{% endmacro %}


{% macro only_a_cohort_is_selected() %}
    {% set others = [] %}
    {% set own = [] %}
    {% for id in selected_resources if id.startswith("model.") %}
        {% do (own if "cohorts" in graph.nodes[id].fqn else others).append(id) %}
    {% endfor %}
    {% do return(own and not others) %}
{% endmacro %}


{% macro finish_build_record(results) %}
    {% if execute and flags.WHICH == "build" and not only_a_cohort_is_selected() %}
        {% set good = [] %}
        {% for result in results if result.status in ("success", "pass", "warn") %}
            {% do good.append(result.node.unique_id) %}
        {% endfor %}
        {% set missing = [] %}
        {% for node in graph.nodes.values()
            if node.resource_type in ("seed", "model", "test")
            and node.config.materialized != "ephemeral"
            and "cohorts" not in node.fqn
            and node.unique_id not in good %}
            {% do missing.append(node.unique_id) %}
        {% endfor %}
        {% if not missing %}
            update {{ target.schema }}.build_record
            set
                status = 'complete',
                data_root = (
                    select min(data_root)
                    from {{ target.schema }}.stg_data_root__input_files
                )
        {% endif %}
    {% endif %}
{% endmacro %}
