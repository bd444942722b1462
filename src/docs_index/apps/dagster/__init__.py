"""Cohorts and dbt models as Dagster assets; nothing else in the project imports it."""
