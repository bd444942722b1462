"""One row per record of a history with a parser: what the parser makes of its text."""

from docs_index.warehouse.python_models import made_or_told
from docs_index.warehouse.record_facts import parse_records


def model(dbt, session):
    dbt.ref("int_records__parseable")
    expression = dbt.ref("parser_sql").fetchone()[0]
    texts = f"{dbt.this.database}.{dbt.this.schema}.int_records__parseable"
    return made_or_told(session, lambda: parse_records(session, texts, expression))
