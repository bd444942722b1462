"""One row per evaluation that the cohort adds: its replicate number and its gen_id."""

from docs_index.resources import sql
from docs_index.warehouse.cohort_ids import free_gen_ids


def model(dbt, session):
    missing = dbt.ref("int_evaluations__missing")
    wanted = missing.order("essay_order, template_order, model_order").fetchall()
    generations = dbt.ref("stg_cohorts__generations").filter("stage = 'evaluation'")
    essays = dbt.ref("int_essays__chosen").select("essay_id, draft_id").fetchall()
    taken = [gen_id for (gen_id,) in generations.select("gen_id").fetchall()]
    taken += [gen_id for ids in essays for gen_id in ids if gen_id]
    orders = {(row[3], row[4], row[5]): row[:3] for row in wanted}
    found = free_gen_ids((((row[3], row[4], row[5]), row[6]) for row in wanted), taken)
    rows = [(*orders[key], gen_id, number) for key, gen_id, number in found]
    lines = "\n".join(" ".join(map(str, row)) for row in rows)
    session.execute(sql("warehouse/evaluations_added.sql"), {"lines": lines})
    return session.table("evaluations_added")
