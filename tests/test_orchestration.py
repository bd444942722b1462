"""Dagster's assets, in its own in-process runs on a real store and endpoint."""

import ast
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from building import REPOSITORY, contents, read_csv, snapshot
from cohort_oracle import membership
from cohort_roots import campaign_root, cohort, generation, select
from endpoint import GOOD, Endpoint, Reply, started_endpoint

from docs_index.apps.dagster.cohort import PARTITIONS
from docs_index.apps.dagster.definitions import definitions
from docs_index.apps.dagster.evaluation import STORE, GenerationStore
from docs_index.layout import open_cohort_layout
from docs_index.warehouse.build_record import attach_build

pytestmark = pytest.mark.slow

STEPS = ["evaluation_prompt", "evaluation_raw", "evaluation_parsed"]
Ran = dg.ExecuteInProcessResult


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with started_endpoint() as running:
        yield running


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


@pytest.fixture
def root(tmp_path: Path, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data root to be, which the environment names as an operator's would."""
    folder = tmp_path / "root"
    folder.mkdir()
    monkeypatch.setenv("DATA_ROOT", str(folder))
    monkeypatch.setenv("DD_COHORT", "here")
    monkeypatch.setenv("OPENAI_BASE_URL", endpoint.url)
    monkeypatch.setenv("OPENAI_API_KEY", "key")
    return folder


def run(
    instance: dg.DagsterInstance,
    job: str,
    gen_id: str | None = None,
    assets: list[str] | None = None,
    fails: bool = False,
) -> Ran:
    """Run a job of the definitions, or some of its assets, to the end it must have."""
    ran = definitions.resolve_job_def(job).execute_in_process(
        instance=instance,
        partition_key=gen_id,
        asset_selection=[dg.AssetKey(name) for name in assets] if assets else None,
        raise_on_error=not fails,
    )
    assert ran.success is not fails
    return ran


def register(instance: dg.DagsterInstance) -> None:
    run(instance, "cohort", assets=["register_cohort_partitions"])


def partitions(instance: dg.DagsterInstance) -> list[str]:
    return sorted(instance.get_dynamic_partitions(PARTITIONS.name or ""))


def returned(ran: Ran) -> list[str]:
    return [ran.output_for_node(step) for step in STEPS]


def messages(instance: dg.DagsterInstance, ran: Ran) -> list[tuple[str | None, str]]:
    """Return the project's own messages in a run's log, each with its step."""
    entries = instance.all_logs(ran.run_id)
    return [
        (one.step_key, one.user_message) for one in entries if not one.is_dagster_event
    ]


def failure(ran: Ran, step: str) -> str:
    """Return what a failed step says, as the log of the run shows it."""
    [event] = [one for one in ran.get_step_failure_events() if one.step_key == step]
    failed = event.step_failure_data.user_failure_data
    assert failed is not None and failed.description is not None
    return failed.description


def materialized(instance: dg.DagsterInstance, ran: Ran) -> list[str]:
    """Return the steps of a run that Dagster itself recorded as materialized."""
    events = ran.get_asset_materialization_events()
    for event in events:
        assert event.asset_key is not None and event.partition is not None
        assert event.step_key == event.asset_key.path[-1]
        done = instance.get_materialized_partitions(event.asset_key)
        assert event.partition in done
    return [event.step_key or "" for event in events]


# Evaluations -------------------------------------------------------------------------


def test_a_done_partition_executes_and_asks_nothing(
    root: Path,
    endpoint: Endpoint,
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL")  # there is no key for the default endpoint
    monkeypatch.delenv("OPENROUTER_API_KEY", raising=False)
    cohort(root)
    generation(root, "evaluation", "v_e1", prompt="P", raw="R", parsed="9.0\n")
    register(instance)
    before = snapshot(root)
    for _ in range(2):  # whatever is recorded of it
        ran = run(instance, "evaluation", "v_e1")
        assert returned(ran) == ["P", "R", "9.0\n"]
        skipped = "Skipping v_e1: parsed.txt already exists"
        assert messages(instance, ran) == [(step, skipped) for step in STEPS]
        assert materialized(instance, ran) == STEPS
    assert endpoint.requests == 0
    assert snapshot(root) == before


def test_another_asks_once(
    root: Path, endpoint: Endpoint, instance: dg.DagsterInstance
) -> None:
    cohort(root)
    register(instance)
    assert partitions(instance) == ["v_e1", "v_e2"]
    ran = run(instance, "evaluation", "v_e2")
    assert returned(ran) == [*endpoint.prompts, GOOD, "7.0\n"]
    assert messages(instance, ran) == []
    assert materialized(instance, ran) == STEPS
    folder = root / "gens/evaluation/v_e2"
    assert (folder / "parsed.txt").read_text() == "7.0\n"
    assert ran.run_id in (folder / "raw_metadata.json").read_text()
    assert [path.name for path in (root / "gens/evaluation/v_e1").iterdir()] == [
        "metadata.json"
    ]
    assert returned(run(instance, "evaluation", "v_e2")) == returned(ran)
    assert endpoint.requests == 1
    [event] = ran.asset_materializations_for_node("evaluation_raw")
    assert event.metadata["path"].value == str(folder / "raw.txt")
    assert event.metadata["chars"].value == len(GOOD)


def test_an_answer_that_is_there_is_not_bought_again(
    root: Path, endpoint: Endpoint, instance: dg.DagsterInstance
) -> None:
    cohort(root)
    generation(root, "evaluation", "v_e1", prompt="P", raw="SCORE: 3")
    register(instance)
    assert returned(run(instance, "evaluation", "v_e1")) == ["P", "SCORE: 3", "3.0\n"]
    assert endpoint.requests == 0


def test_partitions_that_are_registered_again_are_skipped_as_before(
    root: Path, endpoint: Endpoint, instance: dg.DagsterInstance
) -> None:
    cohort(root, ["e1", "e2", "e3"])
    generation(root, "evaluation", "v_e2", raw="SCORE: 2")
    instance.add_dynamic_partitions(PARTITIONS.name or "", ["v_of_another"])
    register(instance)
    for gen_id in ("v_e1", "v_e2"):
        run(instance, "evaluation", gen_id)
    before = snapshot(root)
    for gen_id in ("v_e1", "v_e2"):
        instance.delete_dynamic_partition(PARTITIONS.name or "", gen_id)
    register(instance)
    register(instance)
    assert partitions(instance) == ["v_e1", "v_e2", "v_e3", "v_of_another"]
    with dg.DagsterInstance.ephemeral() as forgetful:
        register(forgetful)
        for gen_id, score in (("v_e1", "7.0\n"), ("v_e2", "2.0\n")):
            for one in (instance, forgetful):
                ran = run(one, "evaluation", gen_id)
                assert returned(ran)[-1] == score
                assert len(messages(one, ran)) == len(STEPS)
                assert materialized(one, ran) == STEPS
    assert endpoint.requests == 1
    assert snapshot(root) == before


def test_a_truncated_answer_fails_with_its_message(
    root: Path, endpoint: Endpoint, instance: dg.DagsterInstance
) -> None:
    endpoint.script = lambda prompt, number: Reply(GOOD, finish_reason="length")
    cohort(root)
    register(instance)
    for _ in range(2):
        ran = run(instance, "evaluation", "v_e1", fails=True)
        assert "the answer is truncated" in failure(ran, "evaluation_parsed")
        assert materialized(instance, ran) == STEPS[:2]
    assert endpoint.requests == 1


def test_foreseen_errors_are_told(
    root: Path,
    endpoint: Endpoint,
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cohort(root)
    register(instance)
    monkeypatch.setenv("OPENAI_BASE_URL", "")
    monkeypatch.delenv("OPENROUTER_API_KEY", raising=False)
    ran = run(instance, "evaluation", "v_e1", fails=True)
    assert "set OPENROUTER_API_KEY" in failure(ran, "evaluation_raw")
    assert materialized(instance, ran) == STEPS[:1]
    cohort(root, ["e2"])
    ran = run(instance, "evaluation", "v_e1", fails=True)
    assert "is not an evaluation of cohort here" in failure(ran, "evaluation_prompt")
    monkeypatch.setenv("DD_COHORT", "none")
    ran = run(instance, "evaluation", "v_e1", fails=True)
    assert "no cohort is named" in failure(ran, "evaluation_prompt")
    assert endpoint.requests == 0


def test_runs_at_once_buy_one_answer(root: Path, endpoint: Endpoint) -> None:
    endpoint.script = lambda prompt, number: Reply(after_s=0.3)
    cohort(root)

    def once(_: int) -> str:
        with dg.DagsterInstance.ephemeral() as instance:
            register(instance)
            return returned(run(instance, "evaluation", "v_e1"))[-1]

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(once, range(2))) == ["7.0\n"] * 2
    assert endpoint.requests == 1


def test_texts_are_loaded_from_the_store(
    root: Path, instance: dg.DagsterInstance
) -> None:
    cohort(root)
    register(instance)
    run(instance, "evaluation", "v_e1")
    generation(root, "evaluation", "v_e1", parsed="8.0\n")

    @dg.asset(partitions_def=PARTITIONS)
    def score(evaluation_parsed: str) -> float:
        return float(evaluation_parsed)

    parsed = dg.AssetSpec("evaluation_parsed", partitions_def=PARTITIONS)
    ran = dg.materialize(
        [score, parsed.with_io_manager_key(STORE)],
        partition_key="v_e1",
        instance=instance,
        resources={STORE: GenerationStore(), "io_manager": dg.mem_io_manager},
    )
    assert ran.output_for_node("score") == 8.0


# Cohorts and models ------------------------------------------------------------------


def test_a_cohort_is_built_registered_and_run(
    root: Path, endpoint: Endpoint, instance: dg.DagsterInstance
) -> None:
    campaign_root(root)
    ran = run(instance, "cohort", assets=["cohort_membership"], fails=True)
    assert "launch the job cohort" in failure(ran, "cohort_membership")
    expected = membership(root, "here")
    ran = run(instance, "cohort")
    rows = read_csv(root / "cohorts/here/membership.csv")
    assert [list(row.values()) for row in rows] == expected.rows
    new = [row["gen_id"] for row in rows if row["stage"] == "evaluation"]
    assert partitions(instance) == sorted(new)
    [event] = ran.asset_materializations_for_node("cohort_membership")
    assert event.metadata["new_evaluations"].value == len(new) == 2
    for gen_id in new:
        run(instance, "evaluation", gen_id)
    assert endpoint.requests == 2
    select(root, "# mode: all\ngone\n")
    before = contents(root)
    ran = run(instance, "cohort", fails=True)
    message = failure(ran, "cohort_models")
    assert "cohort here cannot be built, nothing was written:" in message
    assert "gone" in message and "evaluation-only" in message
    after = contents(root)
    assert {path for path in after if after[path] != before.get(path)} == {
        "db/build.duckdb"
    }


def test_documents_are_built(
    root: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DD_COHORT")
    monkeypatch.delenv("RUN_ID", raising=False)
    shutil.copytree(REPOSITORY / "sample", root, dirs_exist_ok=True)
    run(instance, "documents")
    with duckdb.connect() as connection:
        assert attach_build(connection, open_cohort_layout(), None) == "backfill"
    assert dg.AssetKey("cohort_memberships") not in instance.all_asset_keys()


# Settings ----------------------------------------------------------------------------


def test_runs_are_in_one_process() -> None:
    assert definitions.executor is dg.in_process_executor
    for name in ("documents", "cohort", "evaluation"):
        job = definitions.resolve_job_def(name)
        assert job.executor_def is dg.in_process_executor


def test_groups_are_as_the_operator_knows_them() -> None:
    groups: dict[str, set[str]] = {}
    graph = definitions.resolve_asset_graph()
    for key in graph.materializable_asset_keys:
        groups.setdefault(graph.get(key).group_name, set()).add(key.path[-1])
    assert groups["evaluation"] == set(STEPS)
    assert groups["cohort"] == {"cohort_membership", "register_cohort_partitions"}
    assert "cohort_memberships" in groups["cohort_models"]
    assert "documents" in groups["documents_models"]
    assert len(groups) == 4
    cohort_keys = {dg.AssetKey(name) for name in groups["cohort_models"]}
    documents = {dg.AssetKey(name) for name in groups["documents_models"]}
    assert not documents & {
        parent for key in cohort_keys for parent in graph.get(key).parent_keys
    }  # a cohort may be all there is


def test_dbt_tests_are_checks() -> None:
    checks = definitions.resolve_asset_graph().asset_check_keys
    assert sorted(check.name for check in checks) == sorted(
        path.stem for path in (REPOSITORY / "tests/dbt").rglob("assert_*.sql")
    )


def test_telemetry_is_off(tmp_path: Path) -> None:
    shutil.copy(REPOSITORY / "dagster.yaml", tmp_path)
    with dg.DagsterInstance.from_config(str(tmp_path)) as configured:
        assert not configured.telemetry_enabled


def test_nothing_else_needs_dagster() -> None:
    own = REPOSITORY / "src/docs_index/apps/dagster"
    for folder in ("src", "scripts"):
        for path in (REPOSITORY / folder).rglob("*.py"):
            if not path.is_relative_to(own):
                assert not imported(path) & {"dagster", "dagster_dbt"}, path
                assert "docs_index.apps.dagster" not in path.read_text(), path


def imported(path: Path) -> set[str]:
    """Return the packages that a file imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
    return names
