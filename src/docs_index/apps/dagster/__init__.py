"""Cohorts and dbt models as Dagster assets.

Owns assets, jobs, partitions, and how messages and errors appear in a run of Dagster.

May write what `cohorts` may write, dbt's own files, and Dagster's records.

Never contains a rule: the scripts and Dagster run the same steps. Nothing else in the
project imports this package or Dagster.
"""
