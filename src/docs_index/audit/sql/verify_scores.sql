-- One row per row of the index with a score: the double itself.
create table exact_scores as
select
    place,
    score
from exact.scores;
