-- Fails when an evaluation that can be read has no row: its essay would be judged
-- again.
-- Rows that are there twice stop at the primary key.
with evaluations as (
    select * from {{ ref("stg_scores__generations") }}
    where stage = 'evaluation' and problem is null
),

scores as (select * from {{ ref("evaluation_scores") }})

select evaluations.gen_id
from evaluations
left join scores on evaluations.gen_id = scores.gen_id
where scores.gen_id is null
