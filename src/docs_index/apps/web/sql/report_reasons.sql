-- One row per reason of rejected rows, in the order of precedence. `histories` counts
-- those of sources that are no results table.
select
    bad_generations.reason,
    reasons.description,
    reasons.remedy,
    count(*) filter (where bad_generations.source_csv = 'draft') as draft,
    count(*) filter (where bad_generations.source_csv = 'link') as link,
    count(*) filter (where bad_generations.source_csv = 'essay') as essay,
    count(*) filter (where bad_generations.source_csv = 'evaluation') as evaluation,
    count(*) filter (
        where bad_generations.source_csv not in ('draft', 'link', 'essay', 'evaluation')
    ) as histories,
    count(*) as bad_rows
from bad_generations
left join reasons on bad_generations.reason = reasons.reason
group by bad_generations.reason
order by reasons.precedence, bad_generations.reason
