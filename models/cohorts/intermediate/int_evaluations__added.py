"""One row per evaluation that the cohort adds: its replicate number and its gen_id."""

from docs_index.warehouse.cohort_ids import free_gen_ids


def model(dbt, session):
    missing = dbt.ref("int_evaluations__missing")
    wanted = missing.order("essay_order, template_order, model_order").fetchall()
    generations = dbt.ref("stg_cohorts__generations").filter("stage = 'evaluation'")
    essays = dbt.ref("int_essays__chosen").select("essay_id, draft_id").fetchall()
    taken = [gen_id for (gen_id,) in generations.select("gen_id").fetchall()]
    taken += [gen_id for ids in essays for gen_id in ids if gen_id]
    places = {(row[3], row[4], row[5]): row[:3] for row in wanted}
    found = free_gen_ids((((row[3], row[4], row[5]), row[6]) for row in wanted), taken)
    rows = [(*places[key], gen_id, number) for key, gen_id, number in found]
    # Handed over as one text: a Python list takes 100 microseconds an item.
    lines = "\n".join(" ".join(map(str, row)) for row in rows)
    session.execute(
        """
        create or replace temp table evaluations_added as
        select
            cast(fields[1] as bigint) as essay_order,
            cast(fields[2] as bigint) as template_order,
            cast(fields[3] as bigint) as model_order,
            fields[4] as gen_id,
            cast(fields[5] as bigint) as replicate
        from (select string_split(unnest(string_split($1, chr(10))), ' ') as fields)
        where len(fields) = 5
        """,
        [lines],
    )
    return session.table("evaluations_added")
