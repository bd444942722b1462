"""Build on an engine, then ask about the tables while they are there.

Writes `explained.json` into dbt's target folder: each model as it was compiled, and its
plan; what the tests of data said of the build, and then of spoiled rows; what the unit
tests said; and how the rows of each model compare with those of DuckDB's query, which
sqlglot translates. DuckDB's queries are in `duckdb.json`, in the same folder.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from docs_index.engines import building
from docs_index.engines.builds import EngineBuild
from docs_index.resources import PROJECT

SPOILED = {
    "a key twice": "*",
    "a null": "* replace (99999::bigint as row_index, null::varchar as reason)",
}
_KEYS = "assert_keys_hold_without_constraints"
_is_run = building._is_run


def explained(build: EngineBuild, asked: dict[str, Any]) -> bool:
    """Run dbt's build, then the rest in the same session."""
    from pyspark.sql import SparkSession

    is_good = _is_run(build, asked)
    target = Path(os.environ["DBT_TARGET_PATH"])
    session = SparkSession.builder.getOrCreate()
    folder = target / "compiled/docs_index/models"
    models = {path.stem: path.read_text() for path in folder.rglob("*.sql")}
    plans = {
        name: session.sql(f"explain {query}").collect()[0][0]
        for name, query in models.items()
    }
    answers: dict[str, Mapping[str, str]] = {"models": models, "plans": plans}
    answers["second_opinions"] = {
        name: _second_opinion(session, build, name, query)
        for name, query in json.loads((target / "duckdb.json").read_text()).items()
        if name in models
    }
    answers["data_tests"] = _outcomes(target)
    answers["unit_tests"] = _tested(target, "test_type:unit")
    answers["spoiled"] = {
        name: _tested_with(build, target, columns)[_KEYS]
        for name, columns in SPOILED.items()
    }
    (target / "explained.json").write_text(json.dumps(answers))
    return is_good


def _second_opinion(session: Any, build: EngineBuild, name: str, query: str) -> str:
    """Return `equal`, how many rows differ, or why sqlglot's query does not run."""
    import sqlglot
    from sqlglot import exp

    try:
        tree = sqlglot.parse_one(query, read="duckdb")
        for table in tree.find_all(exp.Table):
            if table.db:
                is_model = table.db == "main"
                schema = build.name if is_model else build.sources.name
                table.set("catalog", None)
                table.set("db", exp.to_identifier(schema))
        columns = session.table(f"{build.name}.{name}").columns
        texts = ", ".join(f"cast({each} as string) as {each}" for each in columns)
        mine = f"select {texts} from {build.name}.{name}"
        its = f"select {texts} from ({tree.sql(dialect='spark')}) as translated"
        different = sum(
            session.sql(f"{one} except all {other}").count()
            for one, other in [(mine, its), (its, mine)]
        )
    except Exception as error:  # of any kind: the caller knows which there may be
        return f"{type(error).__name__}: {error}"
    return f"{different} rows differ" if different else "equal"


def _tested_with(build: EngineBuild, target: Path, columns: str) -> dict[str, str]:
    """Return what the test of keys says where `bad_generations` has one more row."""
    row = build.table("bad_generations") / "spoiled.parquet"
    with duckdb.connect() as connection:
        rows = f"select {columns} from {build.query('bad_generations')} limit 1"
        connection.sql(rows).write_parquet(str(row))
    outcomes = _tested(target, _KEYS)
    row.unlink()
    return outcomes


def _tested(target: Path, selected: str) -> dict[str, str]:
    from dbt.cli.main import dbtRunner

    places = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    command = ["--quiet", "test", "--target", "spark", "--select", selected]
    dbtRunner().invoke([*command, *places])
    return _outcomes(target)


def _outcomes(target: Path) -> dict[str, str]:
    """Return by name what each test said: `pass`, or its message."""
    results = json.loads((target / "run_results.json").read_text())["results"]
    found = {}
    for each in results:
        kind, _, *names = each["unique_id"].split(".")
        if kind in ("test", "unit_test"):
            is_good = each["status"] == "pass"
            found[names[-1]] = "pass" if is_good else str(each["message"])
    return found


if __name__ == "__main__":
    code = 3
    building._is_run = explained
    try:
        code = building.main(json.loads(Path(sys.argv[1]).read_text("utf-8")))
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
