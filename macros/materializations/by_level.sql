{#-
    A table whose rows depend on rows that it has already: the model's SQL gives the
    next level and reads `this`. It is inserted again and again, until a level is empty.
    The columns with their types are those of the model's YAML, which must be a contract.

    A recursive query would visit a row once for each way to it; a level inserts each
    row once, when all that it depends on is there.
-#}
{% materialization by_level, adapter="duckdb" %}
    {% set relation = this.incorporate(type="table") %}
    {{ run_hooks(pre_hooks) }}
    {% do drop_the_old(relation) %}
    {% call statement("make") %}
        create table {{ relation }} (
            {%- for column in model.columns.values() %}
            {{ column.name }} {{ column.data_type }}{{ "," if not loop.last }}
            {%- endfor %}
        )
    {% endcall %}
    {% set found = namespace(rows=0, is_new=true) %}
    {% for level in range(100000) %}{% if found.is_new %}
        {% call statement("main") %}
            insert into {{ relation }} ({{ model.columns.keys() | join(", ") }})
            {{ sql }}
        {% endcall %}
        {% set rows = run_query("select count(*) from " ~ relation).rows[0][0] %}
        {% set found.is_new = rows > found.rows %}
        {% set found.rows = rows %}
    {% endif %}{% endfor %}
    {{ run_hooks(post_hooks) }}
    {% do adapter.commit() %}
    {{ return({"relations": [relation]}) }}
{% endmaterialization %}
