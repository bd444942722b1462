{#- What a Python model could not do, as it was told: see warehouse.python_models. -#}
{% macro refuse_model_faults() %}
    {{ adapter.dispatch("refuse_model_faults")() }}
{% endmacro %}


{% macro default__refuse_model_faults() %}
    select
        case
            when count(*) > 0 then {{ stopped("any_value(message)") }}
        end
    from temp.model_faults
{% endmacro %}
