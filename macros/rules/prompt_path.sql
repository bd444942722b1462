{#-
    The path of a link's prompt, from the normalized path of its response: the same path
    under links_prompts/, or null if the response is not under links_responses/.
-#}
{% macro prompt_path(normalized) -%}
    case
        when {{ normalized }} like 'links!_responses/%' escape '!'
            then
                'links_prompts/'
                || substr({{ normalized }}, length('links_responses/') + 1)
    end
{%- endmacro %}
