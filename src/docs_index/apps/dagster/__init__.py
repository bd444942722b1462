"""Cohorts and dbt models as Dagster assets.

Owns assets, jobs, partitions, and how messages and errors appear in a run of Dagster.

May touch what `cohorts` may touch, dbt's own files, and Dagster's records.

Never holds a rule of its own: the scripts and Dagster run the same steps. Nothing else
in the project imports it or Dagster.
"""
