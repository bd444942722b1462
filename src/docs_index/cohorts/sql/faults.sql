-- One row per fault, in the order in which they are reported.
select subject || ': ' || fault as message
from main.cohort_faults
order by fault_order
