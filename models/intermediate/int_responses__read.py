"""One row per file and parser of int_responses__wanted: is it usable, what is in it."""

import os

from docs_index.layout import open_layout
from docs_index.warehouse.python_models import made_or_told
from docs_index.warehouse.response_facts import read_responses


def model(dbt, session):
    dbt.ref("int_responses__wanted")
    expression = dbt.ref("parser_sql").fetchone()[0]
    settings = dbt.config.get("meta")
    this = f"{dbt.this.schema}.{dbt.this.identifier}"
    known = session.execute(
        "select count(*) from information_schema.tables where table_schema = ? "
        "and table_name = ?",
        [dbt.this.schema, dbt.this.identifier],
    ).fetchone()[0]

    def make():
        return read_responses(
            session,
            wanted=f"{dbt.this.schema}.int_responses__wanted",
            known=this if known else None,
            data_root=str(open_layout().root),
            max_bytes=int(settings["max_response_bytes"]),
            parser_sql=expression,
            processes=os.cpu_count() or 1,
        )

    return made_or_told(session, make)
