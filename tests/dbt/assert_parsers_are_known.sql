-- Fails when an attempt's template names a parser that is neither in the seed `parsers`
-- nor in parsers.csv.
-- Its text would go through no parser, and be a parse error without a cause. The
-- model int_attempts__templated stops the build before that; this shows the rows if it
-- did not.
-- Does not check templates that no attempt uses: they may name anything.
{{ config(meta={"dagster": {"ref": {"name": "int_attempts__templated"}}}) }}
with attempts as (select * from {{ ref("int_attempts__templated") }}),

parsers as (
    {{ known_parsers(ref("parsers"), ref("int_parsers__judged")) }}
)

select
    attempts.source_csv,
    attempts.template_id,
    attempts.parser,
    count(*) as attempts
from attempts
left join parsers on attempts.parser = parsers.parser
where attempts.parser is not null and parsers.parser is null
group by attempts.source_csv, attempts.template_id, attempts.parser
