-- One row per reason that the build has against a row.
select
    reasons.reason,
    count(*) as source_rows
from build.main.bad_generations as bad
inner join build.main.reasons as reasons on bad.reason = reasons.reason
group by reasons.reason, reasons.precedence
order by reasons.precedence
