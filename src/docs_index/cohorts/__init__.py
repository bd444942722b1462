"""Reuse the evaluations that exist, and buy the missing ones: backfill cohorts."""
