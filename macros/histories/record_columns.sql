{#-
    The common shape: the columns of every model of records, in their order. The
    contract of each is in models/intermediate/int_records__unioned.yml.
-#}
{% macro record_columns() %}
    {% do return([
        "source_csv", "file", "file_number", "place", "position", "kind", "record_id",
        "task_id", "combo_id", "template_id", "model_id", "status", "timestamp_text",
        "occurred_at", "created_from", "prompt", "response", "score", "score_text",
        "links", "origin_run_id", "meta", "fault",
    ]) %}
{% endmacro %}


{#- The tools whose files models of ours read; each is a folder of models/staging. -#}
{% macro history_tools() %}
    {% do return(
        ["inspect", "llm", "lm_eval", "mlflow", "openai_batch", "promptfoo"]
    ) %}
{% endmacro %}
