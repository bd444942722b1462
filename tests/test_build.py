"""`dbt build` on data roots of every kind: what it takes, refuses and leaves."""

import json
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
from building import (
    BUILD,
    LOCK,
    ODD,
    REPOSITORY,
    Process,
    Run,
    append,
    build,
    by_itself,
    contents,
    copied,
    dbt,
    documents,
    draft_row,
    dump,
    good,
    holding,
    materialize,
    query,
    results,
    snapshot,
    write,
    write_odd,
    write_table,
)
from dbt_common.exceptions import DbtRuntimeError
from harness import Models

from docs_index.warehouse import plugin as dbt_plugin

DRAFTS = "7_cross_experiment/draft_generation_results.csv"
LINKS = "7_cross_experiment/link_generation_results.csv"


def is_complete(root: Path) -> bool:
    """Tell whether scripts work from the build of a root."""
    process = materialize(root, "--dry-run")
    is_refused = "not a complete, successful `dbt build`" in process.stderr
    assert process.returncode == (2 if is_refused else 0)
    return not is_refused


def stopped(process: Process, code: int) -> str:
    """Return what a dbt that stopped with an error of ours said."""
    assert process.returncode == code
    assert "Traceback" not in process.stdout + process.stderr
    return process.stdout


# Data roots that are not what they should be -----------------------------------------


def test_a_root_that_does_not_exist_is_named(tmp_path: Path) -> None:
    root = tmp_path / "nowhere"
    said = stopped(build(root), code=2)
    assert f"data root '{root}' is not a folder: set DATA_ROOT" in said
    assert not root.exists()


@pytest.mark.slow
def test_a_root_without_any_table_is_named(tmp_path: Path) -> None:
    root = tmp_path / "root"
    for folder in ("gens/essay", "docs/essay"):  # there were documents, beside cohorts
        (root / folder).mkdir(parents=True)
    said = stopped(build(root), code=1)
    assert f"data root {root} has none of the results tables ({DRAFTS}, " in said
    assert not is_complete(root)


def test_a_path_that_duckdb_cannot_work_in_is_named(tmp_path: Path) -> None:
    root = tmp_path / "what?" / "root"
    shutil.copytree(REPOSITORY / "sample", root)
    said = stopped(build(root), code=2)
    assert f"DuckDB cannot work in '{root}': rename the folder, without a '?'" in said
    assert not (root / "db").exists()


@pytest.mark.slow
@pytest.mark.parametrize("limit", ["abc", "-1", "1.5"])
def test_a_limit_that_is_no_number_of_bytes_is_named(root: Path, limit: str) -> None:
    changed = ("--vars", f"{{max_response_bytes: {limit}}}")
    said = stopped(build(root, *changed, **by_itself(root)), code=2)
    assert f"max_response_bytes is '{limit}': it must be a whole number" in said
    assert is_complete(root)  # of before


def test_a_root_that_may_not_be_entered_is_named(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(dbt_plugin, "take_lock", refuse)
    monkeypatch.setattr(dbt_plugin, "keep_from_strangers", lambda: None)
    monkeypatch.setenv("DATA_ROOT", str(root))
    with pytest.raises(DbtRuntimeError, match="Permission denied"):
        dbt_plugin.Plugin("plugin", {})


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The sample with a field too many in one table, and another that is empty."""
    root = tmp_path_factory.mktemp("broken") / "root"
    shutil.copytree(REPOSITORY / "sample", root)
    lines = (root / DRAFTS).read_text().splitlines(keepends=True)
    write(root, DRAFTS, "".join([*lines[:3], f"surplus,{lines[3]}", *lines[4:]]))
    write(root, LINKS, "")
    return Run(root, build(root))


def test_a_malformed_table_stops_the_build_with_file_and_line(broken: Run) -> None:
    said = stopped(broken.process, code=1)
    assert f"{broken.root / DRAFTS} is refused as a whole:" in said
    assert "line 4: has 9 field(s) where the header has 8: b'surplus," in said


def test_an_empty_table_stops_the_build(broken: Run) -> None:
    said = stopped(broken.process, code=1)
    assert f"{broken.root / LINKS} is refused as a whole:" in said
    assert "line 1: there is no header line, the file is empty" in said


def test_nothing_is_materialized_from_a_build_that_stopped(broken: Run) -> None:
    before = snapshot(broken.root)
    assert not is_complete(broken.root)
    assert materialize(broken.root).returncode == 2
    assert snapshot(broken.root) == before


@pytest.mark.slow
def test_a_parser_that_nobody_knows_stops_the_build(tmp_path: Path) -> None:
    root = tmp_path / "root"
    row = draft_row("task", "2025-01-01", "text")
    write(root, f"3_generation/{row['response_file']}", row.pop("text"))
    write_table(root, DRAFTS, [row])
    write(root, "1_raw/draft_templates.csv", "template_id,parser\nt,wishful\nu,idle\n")
    said = stopped(build(root), code=1)
    assert (
        '1_raw/draft_templates.csv: template "t" names parser "wishful", which is not '
        "known" in said
    )
    assert "idle" not in said
    assert not is_complete(root)


# Data roots that are unusual ---------------------------------------------------------


def test_a_missing_table_counts_as_empty_and_is_reported(odd_run: Run) -> None:
    counters = dict(query(odd_run.root, "select * from backfill_counters"))
    assert counters["rows_link"] == 0
    assert f"there is no {LINKS}: it counts as empty\n" in odd_run.process.stdout


def test_only_a_table_that_is_missing_is_reported(odd_run: Run) -> None:
    assert odd_run.process.stdout.count("it counts as empty") == 1


def test_a_header_alone_is_an_empty_table(odd_run: Run) -> None:
    counters = dict(query(odd_run.root, "select * from backfill_counters"))
    assert counters["rows_essay"] == 0
    assert counters["rows_draft"] == 6


def test_evaluations_are_read_below_evaluation_root(odd_run: Run) -> None:
    (judged,) = documents(odd_run.root, "stage = 'evaluation'")
    (target,) = documents(odd_run.root, "task_id = 'first'")
    assert judged["parent_doc_id"] == target["doc_id"]
    raw = odd_run.root / "docs" / judged["doc_dir"] / "raw.txt"
    assert raw.read_text() == "fine\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    "size",
    [
        0,
        pytest.param(5000, marks=pytest.mark.slow),
        pytest.param(1_000_000, marks=pytest.mark.slow),
    ],
)
def test_a_damaged_database_of_a_build_is_made_anew(
    root: Path, first_run: Run, size: int
) -> None:
    database = root / "db" / "build.duckdb"
    database.write_bytes(database.read_bytes()[:size] or b"no database\n" * 1000)
    good(build(root))
    good(materialize(root))
    assert dump(root) == dump(first_run.root)


@pytest.mark.slow
@pytest.mark.parametrize(
    "folder", ["../outside", pytest.param("/outside", marks=pytest.mark.slow)]
)
def test_evaluation_root_may_not_lead_outside(tmp_path: Path, folder: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    process = build(root, "--vars", f"evaluation_root: {folder}", **by_itself(root))
    said = stopped(process, code=2)
    assert f"evaluation_root is '{folder}': it must be a folder under" in said


def test_max_response_bytes_is_the_most_that_is_taken(odd_run: Run) -> None:
    (taken,) = documents(odd_run.root, "task_id = 'forty_bytes'")
    assert taken["raw_bytes"] == 40
    refused = query(odd_run.root, "select task_id, reason, detail from bad_generations")
    ((task_id, reason, detail),) = refused
    assert (task_id, reason) == ("forty_one_bytes", "missing_response_file")
    assert detail.endswith("it has 41 bytes, more than 40")


@pytest.mark.slow
def test_neither_the_path_of_a_root_nor_a_home_changes_anything(
    tmp_path: Path, first_run: Run
) -> None:
    root = tmp_path / 'it\'s "odd", [1] * größer 💡' / "root"
    shutil.copytree(REPOSITORY / "sample", root)
    good(build(root, HOME=None, **by_itself(root)))
    good(materialize(root, HOME=None))
    assert dump(root) == dump(first_run.root)
    assert results(root) == results(first_run.root)


# The statements of dbt without dbt ---------------------------------------------------


def definitions_and_rows(root: Path) -> dict[str, Any]:
    """Return what a build's database has, but for what data tests have found."""
    with duckdb.connect(str(root / "db" / "build.duckdb"), read_only=True) as build:
        tables = build.execute(
            "select schema_name || '.' || table_name, sql from duckdb_tables() "
            "where schema_name != 'main_failures'"
        ).fetchall()
        views = build.execute(
            "select schema_name || '.' || view_name, sql from duckdb_views() "
            "where not internal"
        ).fetchall()
        rows = {name: _rows_of(build, name, root) for name, _ in tables}
    return {"tables": dict(tables), "views": dict(views), "rows": rows}


def _rows_of(
    build: duckdb.DuckDBPyConnection, name: str, root: Path
) -> list[list[str]]:
    """Return a table's rows without what the place and the clock decide."""
    inputs = build.table("main.stg_data_root__input_files")
    places = {str(root), *(place for (place,) in inputs.select("data_root").fetchall())}
    table = build.table(name)
    columns = [name for name in table.columns if name not in ("signature", "made_by")]
    rows = table.select(*columns).fetchall()
    return sorted(
        ["the root" if value in places else repr(value) for value in row]
        for row in rows
    )


def test_a_build_of_the_harness_is_that_of_dbt(
    built_sample: Path, models: Models, tmp_path: Path
) -> None:
    compare_builds(copied(built_sample, tmp_path), models, {})


@pytest.mark.slow
def test_a_build_of_the_harness_with_vars_is_that_of_dbt(
    models: Models, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    write_odd(root)
    environment = by_itself(root) | {"RUN_ID": "of_environment"}
    good(build(root, "--vars", json.dumps(ODD), **environment))
    with duckdb.connect(str(root / "db" / "build.duckdb"), read_only=True) as of_dbt:
        found = of_dbt.execute("select distinct run_id from documents").fetchall()
    assert found == [("of_var",)]
    compare_builds(root, models, ODD)


def compare_builds(root: Path, models: Models, settings: dict[str, Any]) -> None:
    of_dbt = definitions_and_rows(root)
    models.write_build(root, **settings)
    found = definitions_and_rows(root)
    assert found["tables"] == of_dbt["tables"]
    assert found["views"] == of_dbt["views"]
    for table, rows in of_dbt["rows"].items():
        assert found["rows"][table] == rows, table


# What a build leaves, and what other commands do to it -------------------------------


def test_dbt_leaves_its_database_in_the_root_and_nothing_else(
    built_sample: Path,
) -> None:
    after = contents(built_sample)
    assert after.pop("db/build.duckdb")
    assert after == contents(REPOSITORY / "sample") | {"db": ""}
    assert [path.name for path in (built_sample / "db").glob(".*")] == [".lock"]


@pytest.mark.slow
def test_dbt_test_leaves_a_good_build_good(root: Path) -> None:
    good(dbt(root, "test", "--exclude-resource-type", "unit_test"))
    assert is_complete(root)


@pytest.mark.slow
def test_dbt_docs_go_to_the_target_path_and_leave_a_good_build_good(
    root: Path,
) -> None:
    good(dbt(root, "docs", "generate", "--static", **by_itself(root)))
    assert (root.parent / "dbt" / "target" / "static_index.html").is_file()
    given = {path.name for path in (REPOSITORY / "sample").iterdir()}
    assert {path.name for path in root.iterdir()} == given | {"db"}
    assert is_complete(root)


NOT_COMPLETE = "seeds, models and data tests failed or were not selected."
TESTS = ("test", "--exclude-resource-type", "unit_test")


@pytest.mark.slow
def test_a_build_of_one_model_leaves_the_rest_usable(root: Path) -> None:
    said = good(build(root, "--select", "documents")).stdout
    assert said.count(NOT_COMPLETE) == 1
    assert (
        "run `dbt build`, which reads all tables again; this command did not." in said
    )
    good(dbt(root, *TESTS))
    assert not is_complete(root)


@pytest.mark.slow
def test_a_part_of_a_build_does_not_see_a_table_that_has_changed(root: Path) -> None:
    append(root, DRAFTS, "new,c,t,,m,,success,2025-01-01,none.txt")
    good(dbt(root, "run", "--select", "stg_cross_experiment__drafts+", "--quiet"))
    with duckdb.connect(str(root / "db" / "build.duckdb")) as database:
        assert len(database.sql("from stg_cross_experiment__drafts")) == 12
    assert not is_complete(root)


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        ("build", "--select", "assert_doc_ids_are_unique", "--quiet"),
        pytest.param(("show", "--select", "documents"), marks=pytest.mark.slow),
        pytest.param(("run-operation", "stage_order"), marks=pytest.mark.slow),
    ],
    ids=" ".join,
)
def test_a_command_that_changes_no_document_leaves_a_good_build_good(
    root: Path, command: tuple[str, ...]
) -> None:
    said = good(dbt(root, *command))
    assert "--quiet" not in command or said.stdout == ""
    assert is_complete(root)


@pytest.mark.slow
def test_seeds_alone_leave_the_rest_usable(root: Path) -> None:
    assert NOT_COMPLETE in good(dbt(root, "seed")).stdout
    good(dbt(root, *TESTS))
    assert not is_complete(root)


@pytest.mark.slow
def test_a_retry_reads_no_table_that_others_were_not_read_with(root: Path) -> None:
    table = root / "7_cross_experiment" / "essay_generation_results.csv"
    whole = table.read_bytes()
    table.write_bytes(whole + b'a,"b')
    environment = by_itself(root)
    assert NOT_COMPLETE in stopped(dbt(root, *BUILD, **environment), code=1)
    table.write_bytes(whole)
    said = stopped(dbt(root, "retry", **environment), code=1)
    assert "stopped before it had read all tables" in said
    assert not is_complete(root)


@pytest.mark.slow
def test_a_whole_build_says_what_comes_next(root: Path) -> None:
    line = (
        f"The build of {root} is complete: 32 documents, 8 rejected rows. "
        "Next: docs-index materialize "
    )
    said = good(build(root)).stdout
    assert said.count(line) == 1
    assert f"{line}(with --dry-run it" in said
    assert NOT_COMPLETE not in said
    scratch = str(root.parent / "scratch")
    said = good(build(root, DOCS_INDEX_SCRATCH=scratch)).stdout
    assert f"{line}--dry-run, with the same DOCS_INDEX_S" in said
    assert good(build(root, "--quiet")).stdout == ""


@pytest.mark.slow
def test_a_model_that_fails_leaves_its_table_and_view_as_they_were(
    root: Path,
) -> None:
    models = ("documents", "document_files")

    def rows() -> list[list[tuple[Any, ...]]]:
        with duckdb.connect(str(root / "db" / "build.duckdb"), read_only=True) as build:
            return [build.table(name).order("doc_id").fetchall() for name in models]

    before = rows()
    with duckdb.connect(str(root / "db" / "build.duckdb")) as connection:
        connection.execute("alter table int_rows__resolved rename to hidden")
    stopped(dbt(root, "run", "--select", *models), code=1)
    with duckdb.connect(str(root / "db" / "build.duckdb")) as connection:
        connection.execute("alter table hidden rename to int_rows__resolved")
    assert rows() == before


@pytest.mark.slow
def test_the_next_build_takes_over_what_is_known_of_unchanged_files(
    root: Path,
) -> None:
    good(build(root))  # seconds after the files were copied: their times are settled
    with duckdb.connect(str(root / "db" / "build.duckdb")) as connection:
        marked = connection.execute(
            "update int_responses__read set raw_chars = -1 where signature is not null"
        ).fetchall()
    write(root, "1_raw/parsers.csv", "parser,kind,pattern\n")  # nothing else changes
    good(build(root))
    with duckdb.connect(str(root / "db" / "build.duckdb"), read_only=True) as build_:
        taken_over = build_.execute(
            "select count(*) from int_responses__read where raw_chars = -1"
        ).fetchall()
        beside = build_.execute(
            "select table_name from duckdb_tables() where table_name like '%__dbt_%'"
        ).fetchall()
    assert taken_over == marked != [(0,)]
    assert not beside


def test_dbt_names_the_process_that_holds_the_root(root: Path) -> None:
    before = snapshot(root)
    with holding(root, root / "db" / ".lock", LOCK) as holder:
        said = stopped(build(root), code=2)
    assert said.count(f"(process {holder}) is working on {root}: wait") == 1
    assert snapshot(root) == before


def test_a_build_is_for_its_own_data_root(built_sample: Path, tmp_path: Path) -> None:
    moved = copied(built_sample, tmp_path)
    assert is_complete(moved)
    shutil.move(moved, tmp_path / "moved")
    process = materialize(tmp_path / "moved")
    assert process.returncode == 2
    assert f"was made for data root {moved}, not for {tmp_path}/moved" in process.stderr
