-- One row per directory of the store that cannot be used, with the problem.
select 'gens/' || stage || '/' || gen_id || ' ' || problem as message
from main.stg_scores__generations
where problem is not null
order by stage, gen_id
