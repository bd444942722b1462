{#-
    The fields of `meta_small` and of `metadata.json`: name, SQL, and kind. A `word` is
    written by this project and needs no escapes; a `text` can contain anything; `json`
    is JSON text already; a `number` is whole, a `decimal` need not be. An `optional`
    field is left out if it is null. Sorted by name.
-#}
{% macro meta_small_fields() %}
    {% do return([
        ("combo_id", "combo_id", "text"),
        ("created_from", "created_from", "optional word"),
        ("file", "file", "optional text"),
        ("link_method", "link_method", "optional word"),
        ("meta", "meta", "optional json"),
        ("origin_run_id", "origin_run_id", "optional text"),
        ("parent_task_id", "parent_task_id", "optional text"),
        ("position", "position", "optional word"),
        ("repair", "repair", "optional json"),
        ("response_file", "response_file", "text"),
        ("row_index", "row_index", "number"),
        ("row_key", "row_key", "text"),
        ("score_text", "score_text", "optional text"),
        ("source_csv", "source_csv", "word"),
        ("targets", "targets", "optional json"),
        ("timestamp", "timestamp_text", "text"),
    ]) %}
{% endmacro %}


{% macro metadata_fields() %}
    {% set columns = {
        "content_hash": "word", "created_at": "word", "doc_dir": "word",
        "doc_id": "word", "logical_key_id": "word", "model_id": "text",
        "parent_doc_id": "word", "parsed_chars": "number", "parser": "word",
        "raw_bytes": "number", "raw_chars": "number", "run_id": "text",
        "score": "decimal",
        "stage": "word", "status": "word", "task_id": "text", "template_id": "text",
    } %}
    {% set fields = meta_small_fields() %}
    {% for column, kind in columns.items() %}
        {% do fields.append((column, column, kind)) %}
    {% endfor %}
    {% do return(fields | sort(attribute=0)) %}
{% endmacro %}
