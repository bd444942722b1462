{#-
    The fields of `meta_small` and of `metadata.json`: name, SQL, and whether a field is
    left out where it is null. Sorted by name.
-#}
{% macro meta_small_fields() %}
    {% do return([
        ("combo_id", "combo_id", false),
        ("link_method", "link_method", true),
        ("parent_task_id", "parent_task_id", true),
        ("response_file", "response_file", false),
        ("row_index", "row_index", false),
        ("row_key", "row_key", false),
        ("source_csv", "source_csv", false),
        ("timestamp", "timestamp_text", false),
    ]) %}
{% endmacro %}


{% macro metadata_fields() %}
    {% set fields = meta_small_fields() | rejectattr(0, "equalto", "row_key") | list %}
    {% for column in [
        "content_hash", "created_at", "doc_dir", "doc_id", "logical_key_id", "model_id",
        "parent_doc_id", "parsed_chars", "parser", "raw_bytes", "raw_chars", "row_key",
        "run_id", "stage", "status", "task_id", "template_id",
    ] %}
        {% do fields.append((column, column, false)) %}
    {% endfor %}
    {% do return(fields | sort(attribute=0)) %}
{% endmacro %}
