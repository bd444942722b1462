-- One row per reason that rows were not ingested for, in the order of precedence.
select
    bad_generations.reason,
    reasons.description,
    reasons.remedy,
    count(*) filter (where source_csv = 'draft') as draft,
    count(*) filter (where source_csv = 'link') as link,
    count(*) filter (where source_csv = 'essay') as essay,
    count(*) filter (where source_csv = 'evaluation') as evaluation,
    count(*) as bad_rows
from bad_generations
left join reasons on reasons.reason = bad_generations.reason
group by bad_generations.reason
order by reasons.precedence, bad_generations.reason
