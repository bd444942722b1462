-- One row: how many rejected rows are of results tables, and not of histories.
select count(*) as "rows"
from bad_generations
where source_csv in ('draft', 'link', 'essay', 'evaluation')
