{#-
    A relation with one more column, the key H(parts).

    H is SHA-256 over each part's UTF-8 bytes, each followed by `|` (the last one
    too); the first 12 bytes of the digest as a big-endian integer; in base 36, padded
    on the left with `0` to 16 characters and cut to the first 16. Golden values:
    seeds/golden_keys.csv. Parts are SQL expressions that are never null.

    The 96 bits are divided by 36^9 = 2^18 * 3^18 with 64-bit integers: the 18 low bits
    are dropped, and the other 78 are divided by 3^18 in two digits of base 2^32.
    Dividing a hugeint would be one step, but takes 2.4 seconds for a million keys
    instead of 0.2. Every step is a separate query, because DuckDB computes a repeated
    expression again. The relation keeps the columns `<key>_…` of those steps, which no
    caller selects.
-#}
{% macro keyed(relation, key, parts) -%}
    (
        select
            *,
            lpad(
                {{ base36_text(key ~ "_quotient") }}
                || {{ base36_text(key ~ "_remainder", 9) }},
                16, '0'
            ) as {{ key }}
        from (
            select
                *,
                {{ whole_quotient(whole_quotient(key ~ "_high", 4), 387420489) }} * 4294967296
                + {{ whole_quotient(key ~ "_middle", 387420489) }} as {{ key }}_quotient,
                {{ key }}_middle % 387420489 * 262144 + {{ key }}_low % 262144
                    as {{ key }}_remainder
            from (
                select
                    *,
                    {{ whole_quotient(key ~ "_high", 4) }} % 387420489 * 4294967296
                    + {{ key }}_high % 4 * 1073741824
                    + {{ whole_quotient(key ~ "_low", 262144) }} as {{ key }}_middle
                from (
                    select
                        *,
                        {{ hexadecimal("substr(" ~ key ~ "_digest, 1, 12)") }}
                            as {{ key }}_high,
                        {{ hexadecimal("substr(" ~ key ~ "_digest, 13, 12)") }}
                            as {{ key }}_low
                    from (
                        select
                            *,
                            {{ sha256_hex(parts | join(" || '|' || ") ~ " || '|'") }}
                                as {{ key }}_digest
                        from {{ relation }}
                    )
                )
            )
        )
    )
{%- endmacro %}
