-- One row per question from number $first to $last, for one process.
select
    asked_id,
    folder,
    path,
    parser,
    signature
from asked
where asked_id between $first and $last
