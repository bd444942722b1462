{#-
    One row per attempt with a logical key: the parts of the key, and `written`, the
    text that is hashed. The tests compute them separately from the models that make the
    keys.
-#}
{% macro key_tuples() %}
    select
        *,
        stage || '|' || part_1 || '|' || part_2 || '|' || part_3 || '|'
            as written
    from (
        select
            logical_key_id,
            stage,
            row_key,
            {{ key_base() }} as part_1,
            template_id as part_2,
            model_id as part_3
        from {{ ref("int_rows__resolved") }}
        where logical_key_id is not null
    ) as source_rows
{% endmacro %}
