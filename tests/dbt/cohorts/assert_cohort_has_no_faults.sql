-- Fails when what a cohort is made from has faults: a misspelt directive, an essay
-- without a draft, a template that is listed twice. The membership is empty then, so
-- that nothing is written; mend all rows, and build again.
-- Does not check the essays' texts: an essay without one is blocked, and not a fault.
select
    subject,
    fault
from {{ ref("cohort_faults") }}
