{#-
    The build record: what the last build was made for, written by the build itself.

    The table `build_record` has one row; its `made_by` changes with the program and the
    settings. Any dbt command that can change a table marks the record as `unfinished`.
    Only a `dbt build` of the whole project marks it as `complete`, if every seed, model
    and data test succeeded. Scripts accept only a complete build. A killed build leaves
    its record unfinished.

    A command for all models of the documents reads their sources again. One for some of
    them keeps the sources that are loaded: the models that it leaves alone were made of
    these, and are views of some.
-#}
{% macro begin_build_record() %}
    {{ adapter.dispatch("begin_build_record")() }}
{% endmacro %}


{% macro default__begin_build_record() %}
    {% if execute and flags.WHICH in changing_commands() %}
        {% do note_engine_build() %}
        {% set chosen = chosen_nodes() %}
        {% do keep_current_tables() %}
        {{ prepared_schemas(["cohort_inputs"], is_emptied=chosen.cohort_models) }}
        {{ prepared_schemas(["score_inputs"], is_emptied=chosen.score_models) }}
        {{ prepared_schemas(
            ["cross_experiment", "histories", "raw", "data_root"],
            is_emptied=not chosen.models_left_out and not is_current_build(),
        ) }}
        {% if chosen.changes_documents %}
            create or replace table {{ target.schema }}.build_record as
            select
                'unfinished' as status,
                cast(null as string) as data_root,
                {{ sql_text(run_id()) }} as run_id,
                {{ sql_text(evaluation_root()) }} as evaluation_root,
                cast({{ max_response_bytes() }} as bigint) as max_response_bytes,
                (select made_by from {{ this_build() }}) as made_by
        {% endif %}
    {% endif %}
{% endmacro %}


{#-
    Where nothing has changed since the last build, its tables are kept: the plugin has
    compared all that a build reads. Nodes see it in `graph`, which they share.
-#}
{% macro keep_current_tables() %}
    {% set query = "select is_current from " ~ this_build() %}
    {% do graph.update({"is_current_build": run_query(query).rows[0][0]}) %}
{% endmacro %}


{% macro is_current_build() %}
    {% do return(graph.get("is_current_build", false)) %}
{% endmacro %}


{#- In the empty database that dbt itself connects to. -#}
{% macro this_build() %}
    {% do return("memory.main.this_build") %}
{% endmacro %}


{% macro changing_commands() %}
    {% do return(["build", "run", "seed", "snapshot", "clone"]) %}
{% endmacro %}


{% macro chosen_nodes() %}
    {% set cohort_models = [] %}
    {% set score_models = [] %}
    {% set models = [] %}
    {% set seeds = [] %}
    {% set models_left_out = [] %}
    {% for id in selected_resources %}
        {% if id.startswith("seed.") %}
            {% if is_of_documents(graph.nodes[id]) %}
                {% do seeds.append(id) %}
            {% endif %}
        {% elif id.startswith("model.") %}
            {% if "cohorts" in graph.nodes[id].fqn %}
                {% do cohort_models.append(id) %}
            {% elif "scores" in graph.nodes[id].fqn %}
                {% do score_models.append(id) %}
            {% else %}
                {% do models.append(id) %}
            {% endif %}
        {% endif %}
    {% endfor %}
    {% for node in graph.nodes.values()
        if node.resource_type == "model"
        and is_of_documents(node)
        and node.unique_id not in models %}
        {% do models_left_out.append(node.unique_id) %}
    {% endfor %}
    {#- `dbt retry` does not say what it selects: some of the last command's nodes. #}
    {% set is_retry = not selected_resources %}
    {#- Cohorts and scores load seeds too, which are always the same. #}
    {% set are_beside = cohort_models or score_models %}
    {% do return({
        "cohort_models": cohort_models,
        "score_models": score_models,
        "models_left_out": models_left_out,
        "changes_documents": is_retry or models or (seeds and not are_beside),
    }) %}
{% endmacro %}


{#- Models, seeds and tests of cohorts and of scores are in folders of these names. -#}
{% macro is_of_documents(node) %}
    {% do return("cohorts" not in node.fqn and "scores" not in node.fqn) %}
{% endmacro %}


{% macro prepared_schemas(schemas, is_emptied) %}
    {% for schema in schemas %}
        {% if is_emptied %}
            drop schema if exists {{ target.database }}.{{ schema }} cascade;
        {% endif %}
        {#- Two threads that load sources at once must not both create it. #}
        create schema if not exists {{ target.database }}.{{ schema }};
    {% endfor %}
{% endmacro %}


{% macro finish_build_record(results) %}
    {{ adapter.dispatch("finish_build_record")(results) }}
{% endmacro %}


{% macro default__finish_build_record(results) %}
    {% if execute and flags.WHICH in changing_commands() %}
        {% set chosen = chosen_nodes() %}
        {% set missing = missing_nodes(results) %}
        {% if chosen.changes_documents and (missing or flags.WHICH != "build") %}
            {% do log(incomplete_line(missing, chosen.models_left_out), info=true) %}
        {% elif chosen.changes_documents %}
            {% do log(next_line(), info=true) %}
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


{% macro missing_nodes(results) %}
    {% set good = [] %}
    {% for result in results if result.status in ("success", "pass", "warn") %}
        {% do good.append(result.node.unique_id) %}
    {% endfor %}
    {% set missing = [] %}
    {% for node in graph.nodes.values()
        if node.resource_type in ("seed", "model", "test")
        and node.config.materialized != "ephemeral"
        and is_of_documents(node)
        and not is_made_elsewhere(node)
        and node.unique_id not in good %}
        {% do missing.append(node.unique_id) %}
    {% endfor %}
    {% do return(missing) %}
{% endmacro %}


{#-
    Whether a node was built by an engine, or reads what only the engine has: see
    docs_index.engines. A test of such models has run there.
-#}
{% macro is_made_elsewhere(node) %}
    {% set elsewhere = graph.get("made_elsewhere", []) %}
    {% set read = [] %}
    {% if node.resource_type == "test" %}
        {% for id in node.depends_on.nodes if id.split(".")[-1] in elsewhere %}
            {% do read.append(id) %}
        {% endfor %}
    {% endif %}
    {% do return(read or node.name in elsewhere) %}
{% endmacro %}


{#-
    Note which models an engine made, and stop if the database has them of another of its
    builds. A var instead of the variable would make dbt parse the whole project again.
-#}
{% macro note_engine_build() %}
    {% set wanted = env_var("DOCS_INDEX_ENGINE_BUILD", "") %}
    {% if wanted %}
        {% set fetched = run_query("select name, models from main.engine_build").rows %}
        {% if fetched[0][0] != wanted %}
            {% do exceptions.raise_compiler_error(
                "another build of this data root came between: run again"
            ) %}
        {% endif %}
        {% do graph.update({"made_elsewhere": fetched[0][1]}) %}
    {% endif %}
{% endmacro %}


{% macro incomplete_line(missing, models_left_out) %}
    {% set reading = "" %}
    {% if models_left_out %}
        {% set reading = ", which reads all tables again; this command did not" %}
    {% endif %}
    {% do return(
        "The build is not complete: " ~ (missing | length)
        ~ " of its seeds, models and data tests failed or were not selected. "
        ~ "`docs-index materialize` needs a complete one: run `dbt build`"
        ~ reading ~ "."
    ) %}
{% endmacro %}


{% macro next_line() %}
    {% set documents = target.schema ~ ".documents" %}
    {% set rejected = target.schema ~ ".bad_generations" %}
    {% set counted %}
        select
            (select count(*) from {{ documents }}) as documents,
            (select count(*) from {{ rejected }}) as rejected,
            (
                select min(data_root)
                from {{ target.schema }}.stg_data_root__input_files
            ) as data_root
    {% endset %}
    {% set row = run_query(counted).rows[0] %}
    {% set next = "docs-index materialize" %}
    {% if env_var("DOCS_INDEX_SCRATCH", "") %}
        {% set next = next ~ " --dry-run, with the same DOCS_INDEX_SCRATCH" %}
    {% else %}
        {% set next = next ~ " (with --dry-run it only says what it would do)" %}
    {% endif %}
    {% do return(
        "The build of " ~ row[2] ~ " is complete: " ~ row[0] ~ " documents, "
        ~ row[1] ~ " rejected rows. Next: " ~ next
    ) %}
{% endmacro %}
