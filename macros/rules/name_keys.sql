{#-
    Names with the keys that similar names share. The keys of a name are all its words;
    all words but one, for each word; and the first and the last half of its letters,
    each also one letter shorter.
-#}
{% macro name_keys(relation) -%}
    select distinct
        scope,
        name,
        unnest(list_concat(
            [hash(words)],
            list_transform(
                range(1, len(words) + 1),
                lambda nth: hash(words[:nth - 1] || words[nth + 1:])
            ),
            list_transform(
                [len(name) // 2, len(name) // 2 - 1],
                lambda half: hash('first ' || lower(left(name, half)))
            ),
            list_transform(
                [len(name) // 2, len(name) // 2 - 1],
                lambda half: hash('last ' || lower(right(name, half)))
            )
        )) as key
    from (
        select distinct
            scope,
            name,
            list_filter(
                string_split_regex(lower(name), '[^\p{L}\p{N}]+'),
                lambda word: word != ''
            )[:24] as words
        from {{ relation }}
    ) as split_names
{%- endmacro %}
