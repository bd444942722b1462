-- One row per data row of parsers.csv.
with final as (
    {{ own_parsers(source("raw", "parsers")) }}
)

select * from final
