-- One row per data row of parsers.csv.
with final as (
    {{ own_parsers(source("cohort_inputs", "parsers")) }}
)

select * from final
