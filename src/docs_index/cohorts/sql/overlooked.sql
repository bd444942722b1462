-- One row: how many members are unfinished while finished ones are left out.
select cast(coalesce(sum(exchangeable), 0) as bigint) as members
from main.int_evaluations__overlooked
