"""Each expression of a macro means on an engine what it means on DuckDB."""

import csv
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from engine_builds import TIMEOUT_S, needs_engines, needs_java
from harness import REPOSITORY
from macro_sql import Macros

pytestmark = needs_engines
POINTS = [*range(0xD800), *range(0xE000, 0x110000)]
QUERIES = {
    # Every code point at both ends: what is cut off, and what a terminal may not see.
    "trimmed": """
        select i, {{ trimmed("text") }} as a, {{ filled("text") }} as b,
        {{ without_nul("text") }} as c
        from points
    """,
    "printable": "select i, {{ printable('text') }} as a from points",
    # Sixty-four code points a text.
    "json": """
        select i,
        {{ json_compact([
            ("a", "text", "text"), ("b", "null", "optional text")
        ]) }} as a,
        {{ json_pretty([
            ("a", "text", "text"), ("d", "number", "decimal"), ("i", "i", "number")
        ]) }} as b
        from texts
    """,
    "hashed": "select i, {{ sha256_hex('text') }} as a, length(text) as b from texts",
    "instants": """
        select i, {{ instant_text(instant("text")) }} as a,
        {{ matches("text", "'[0-9-]+'") }} as b,
        {{ begins_with("text", "'2025-'") }} as c
        from spellings
    """,
    "paths": "select i, {{ normalized_path('text') }} as a from paths",
    "keys": """
        select i, made
        from {{ keyed("keys", "made", ["first", "second"]) }} as keyed
    """,
    "lists": """
        select i % 10 as i,
        {{ joined_texts("case when i % 3 > 0 then text end", "'|'", "i") }} as a
        from paths
        group by i % 10
    """,
    "elements": """
        select i, {{ each_numbered(json_list("text"), "element") }}
        from json_lists
    """,
    "joined": """
        select i, {{ joined_list(json_list("text"), "'|'") }} as a from json_lists
    """,
    "words": "select i, {{ has_word('text', \"'a'\") }} as a from paths",
    "precedence": """
        select i, 'x' || (i - 5) as a, {{ whole_quotient("i", "7") }} as b from keys
    """,
}
# Threads of one process, each with rows of its own.
THREADS = """
    select count(*) as wrong
    from (
        select i, duckdb_text('list_of_values[1]', array(cast(i as string))) as a
        from (select /*+ repartition(16) */ i from points)
    ) as echoed
    where a != cast(i as string)
"""


def spellings() -> list[str]:
    """Return those of timestamps.csv, and a thousand that are put together."""
    path = REPOSITORY / "tests/timestamps.csv"
    with path.open(newline="", encoding="utf-8") as file:
        known = [row["spelling"] for row in csv.DictReader(file)]
    rng = random.Random(4)
    days = ["2025-02-17", "0001-01-01", "9999-12-31", "2024-02-29", "2023-02-29"]
    days += ["20250217", "0000-12-31", "2025-13-01", " 2025-02-17"]
    times = ["", "T00:00", "t23:59:59", " 12:30:00.1234567", "T12:30:00,999999999"]
    times += ["T120000", "T2400", "T1200", "T12:60", "T12", "T120000.5"]
    zones = ["", "Z", "z", " UTC", "GMT", "+02:00", "-0530", "+14", " -23:59", "+24:00"]
    ends = [""] * 6 + ["\n", "\r", "\u2028", " ", "\x00"]
    made = ["".join(map(rng.choice, (days, times, zones, ends))) for _ in range(1000)]
    # In Java `$` is before a line end too.
    ended = [f"{day}{time}{end}" for day in days[:3] for time in times for end in ends]
    return known + made + ended


def paths() -> list[str]:
    rng = random.Random(5)
    parts = ["..", "..", ".", "", "a", "b c", "\u00e9", "\\", "...", "a.b", "'"]
    return ["/".join(rng.choices(parts, k=rng.randint(0, 9))) for _ in range(5000)]


def write_views(folder: Path) -> dict[str, str]:
    """Write the rows that are asked about, as Parquet; return the files by name."""
    texts = [
        "".join(map(chr, POINTS[first : first + 64]))
        for first in range(0, len(POINTS), 64)
    ]
    numbers = [0.1, -2.5, 1e-7, 1e22, 5e-324, 1.7976931348623157e308, 3.0, None]
    rows: dict[str, list[tuple[int, str | None]]] = {
        "points": [(point, f"{chr(point)}a{chr(point)}") for point in POINTS],
        "texts": list(enumerate(texts)),
        "spellings": list(enumerate(spellings())),
        "paths": list(enumerate(paths())),
        "json_lists": list(
            enumerate(
                [json.dumps(["a", 'b"', "\n"]), "[]", None, json.dumps(["\u00e9"])]
            )
        ),
    }
    views = {}
    with duckdb.connect() as connection:
        for name, pairs in rows.items():
            connection.execute(f"create table {name} (i bigint, text varchar)")
            connection.execute(
                f"insert into {name} select unnest(?), unnest(?)",
                [[each for each, _ in pairs], [text for _, text in pairs]],
            )
        connection.execute("alter table texts add column number double")
        connection.execute("update texts set number = ?[1 + i % 8]", [numbers])
        connection.execute(
            "create table keys as select range as i, 'k|' || range as first, "
            "md5(cast(range as varchar)) as second from range(10000)"
        )
        for name in [*rows, "keys"]:
            path = folder / f"{name}.parquet"
            connection.table(name).write_parquet(str(path))
            views[name] = str(path)
    return views


@pytest.fixture(
    scope="module",
    params=["sail", pytest.param("local", marks=[needs_java, pytest.mark.slow])],
)
def answers(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """The rows on DuckDB, and the folder of an engine's answers."""
    folder = tmp_path_factory.mktemp("expressions")
    views = write_views(folder)
    macros = Macros("spark")
    queries = {name: macros.sql(query) for name, query in QUERIES.items()}
    asked = folder / "asked.json"
    to = folder / "answers"
    to.mkdir()
    asked.write_text(
        json.dumps(
            {
                "views": views,
                "queries": queries | {"threads": THREADS},
                "to": str(to),
            }
        )
    )
    script = Path(__file__).with_name("asking.py")
    process = subprocess.run(
        [sys.executable, str(script), request.param, str(asked)],
        env=os.environ | {"PYTHONPATH": str(REPOSITORY / "src")},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert process.returncode == 0, process.stderr[-3000:]
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        for name, path in views.items():
            connection.execute(f"create view {name} as from '{path}'")
        yield connection, to


@pytest.mark.parametrize("name", QUERIES)
def test_it_means_the_same(
    answers: tuple[duckdb.DuckDBPyConnection, Path], name: str
) -> None:
    connection, to = answers
    query = Macros("default").sql(QUERIES[name])
    columns = connection.sql(query).columns
    texts = ", ".join(f"cast({column} as varchar) as {column}" for column in columns)
    mine = f"select {texts} from ({query})"
    its = f"select {texts} from read_parquet('{to}/{name}/*.parquet')"
    only_duckdb = connection.sql(f"{mine} except all {its} order by all").fetchall()
    only_engine = connection.sql(f"{its} except all {mine} order by all").fetchall()
    assert (len(only_duckdb), only_duckdb[:5], only_engine[:5]) == (0, [], [])


def test_threads_do_not_mix_rows(
    answers: tuple[duckdb.DuckDBPyConnection, Path],
) -> None:
    connection, to = answers
    rows = connection.sql(f"from read_parquet('{to}/threads/*.parquet')").fetchall()
    assert rows == [(0,)]
