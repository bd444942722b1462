"""Dagster's assets, in its own in-process runs on a real store and endpoint."""

import ast
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from errno import ENOSPC
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
from building import REPOSITORY, contents, read_csv, snapshot
from cohort_oracle import membership
from cohort_roots import campaign_root, cohort, generation, select, tables
from endpoint import GOOD, Endpoint, Reply, started_endpoint
from test_docs import blocks

from docs_index.apps.dagster.cohort import PARTITIONS
from docs_index.apps.dagster.definitions import definitions
from docs_index.apps.dagster.outcome import SHOWN
from docs_index.apps.dagster.texts import STORE, GenerationStore, Texts
from docs_index.cohorts import steps
from docs_index.layout import open_cohort_layout
from docs_index.warehouse.build_record import attach_build

pytestmark = pytest.mark.slow

STEPS = ["evaluation_prompt", "evaluation_raw", "evaluation_parsed"]
ESSAYS = [f"e{number}" for number in range(1, 9)]
RANGE = "dagster/asset_partition_range_"
NO_LIMITS: Mapping[str, Any] = {}
NO_TAGS: Mapping[str, str] = {}
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


@pytest.fixture
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "")
    monkeypatch.delenv("OPENROUTER_API_KEY", raising=False)


def run(
    instance: dg.DagsterInstance,
    job: str,
    gen_id: str | None = None,
    assets: Sequence[str] = (),
    fails: bool = False,
    limits: Mapping[str, Any] = NO_LIMITS,
    tags: Mapping[str, str] = NO_TAGS,
) -> Ran:
    """Run a job of the definitions, or some of its assets, to the end it must have."""
    ran = definitions.resolve_job_def(job).execute_in_process(
        instance=instance,
        partition_key=gen_id,
        tags=dict(tags),
        asset_selection=[dg.AssetKey(name) for name in assets] or None,
        run_config={"ops": {"evaluations": {"config": dict(limits)}}} if limits else {},
        raise_on_error=not fails,
    )
    assert ran.success is not fails
    return ran


def backfill(instance: dg.DagsterInstance, **options: Any) -> Ran:
    """Run all partitions as Dagster does for a policy of single runs."""
    registered = instance.get_dynamic_partitions(PARTITIONS.name or "")
    tags = {RANGE + "start": registered[0], RANGE + "end": registered[-1]}
    return run(instance, "evaluation", tags=tags, **options)


def register(instance: dg.DagsterInstance) -> None:
    run(instance, "cohort", assets=["register_cohort_partitions"])


def partitions(instance: dg.DagsterInstance) -> list[str]:
    return sorted(instance.get_dynamic_partitions(PARTITIONS.name or ""))


def returned(ran: Ran, gen_id: str) -> list[str]:
    """Return the texts of an evaluation that the step returned."""
    texts = [ran.output_for_node("evaluations", output_name=step) for step in STEPS]
    return [text[gen_id] for text in texts]


def messages(
    instance: dg.DagsterInstance, ran: Ran, start: str = "Skipping"
) -> list[str]:
    """Return the project's own messages in a run's log that begin so."""
    entries = [one for one in instance.all_logs(ran.run_id) if not one.is_dagster_event]
    told = [one.user_message for one in entries]
    return sorted(message for message in told if message.startswith(start))


def skipped(*gen_ids: str) -> list[str]:
    return [f"Skipping {gen_id}: parsed.txt already exists" for gen_id in gen_ids]


def failure(instance: dg.DagsterInstance, ran: Ran) -> str:
    """Return what a failed run says, in its log and in a terminal: nothing but this."""
    [event] = ran.get_step_failure_events()
    error = event.step_failure_data.error
    assert error is not None
    assert (error.stack, error.cause, error.context) == ([], None, None)
    assert event.step_failure_data.error_display_string == error.message
    [of_run] = ran.filter_events(
        lambda one: one.event_type == dg.DagsterEventType.RUN_FAILURE
    )
    assert of_run.job_failure_data.error == error
    return error.message


def materialized(instance: dg.DagsterInstance, ran: Ran) -> dict[str, list[str]]:
    """Return the steps of each evaluation that the run itself recorded, in order."""
    found: dict[str, list[str]] = {}
    for event in ran.get_asset_materialization_events():
        assert event.asset_key is not None and event.partition is not None
        assert event.step_key == "evaluations"
        done = instance.get_materialized_partitions(event.asset_key)
        assert event.partition in done
        found.setdefault(event.partition, []).append(event.asset_key.path[-1])
    return found


# Evaluations -------------------------------------------------------------------------


def test_a_done_partition_executes_and_asks_nothing(
    root: Path, endpoint: Endpoint, instance: dg.DagsterInstance, no_key: None
) -> None:
    cohort(root)
    generation(root, "evaluation", "v_e1", prompt="P", raw="R", parsed="9.0\n")
    register(instance)
    before = snapshot(root)
    for _ in range(2):  # whatever is recorded of it
        ran = run(instance, "evaluation", "v_e1")
        assert returned(ran, "v_e1") == ["P", "R", "9.0\n"]
        assert messages(instance, ran) == skipped("v_e1")
        assert materialized(instance, ran) == {"v_e1": STEPS}
    assert endpoint.requests == 0
    assert snapshot(root) == before


def test_another_asks_once(
    root: Path, endpoint: Endpoint, instance: dg.DagsterInstance
) -> None:
    cohort(root)
    register(instance)
    assert partitions(instance) == ["v_e1", "v_e2"]
    ran = run(instance, "evaluation", "v_e2")
    texts = returned(ran, "v_e2")
    assert texts == [*endpoint.prompts, GOOD, "7.0\n"]
    assert messages(instance, ran) == []
    assert materialized(instance, ran) == {"v_e2": STEPS}
    folder = root / "gens/evaluation/v_e2"
    assert (folder / "parsed.txt").read_text() == "7.0\n"
    assert ran.run_id in (folder / "raw_metadata.json").read_text()
    assert [path.name for path in (root / "gens/evaluation/v_e1").iterdir()] == [
        "metadata.json"
    ]
    assert returned(run(instance, "evaluation", "v_e2"), "v_e2") == texts
    assert endpoint.requests == 1
    facts = {
        event.asset_key.path[-1]: event.step_materialization_data.materialization
        for event in ran.get_asset_materialization_events()
        if event.asset_key
    }["evaluation_raw"].metadata
    assert facts["path"].value == str(folder / "raw.txt")
    assert facts["chars"].value == len(GOOD)


def test_an_answer_that_is_there_is_not_bought_again(
    root: Path, endpoint: Endpoint, instance: dg.DagsterInstance, no_key: None
) -> None:
    cohort(root)
    generation(root, "evaluation", "v_e1", prompt="P", raw="SCORE: 3")
    register(instance)
    ran = run(instance, "evaluation", "v_e1")
    assert returned(ran, "v_e1") == ["P", "SCORE: 3", "3.0\n"]
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
                assert returned(ran, gen_id)[-1] == score
                assert messages(one, ran) == skipped(gen_id)
                assert materialized(one, ran) == {gen_id: STEPS}
    assert endpoint.requests == 1
    assert snapshot(root) == before


def test_runs_at_once_buy_one_answer(root: Path, endpoint: Endpoint) -> None:
    endpoint.script = lambda prompt, number: Reply(after_s=0.3)
    cohort(root)

    def once(_: int) -> str:
        with dg.DagsterInstance.ephemeral() as instance:
            register(instance)
            return returned(run(instance, "evaluation", "v_e1"), "v_e1")[-1]

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(once, range(2))) == ["7.0\n"] * 2
    assert endpoint.requests == 1


# Backfills ---------------------------------------------------------------------------


def test_a_backfill_is_one_run() -> None:
    graph = definitions.resolve_asset_graph()
    for step in STEPS:
        policy = graph.get(dg.AssetKey(step)).backfill_policy
        assert policy == dg.BackfillPolicy.single_run()
    job = definitions.resolve_job_def("evaluation")
    assert job.backfill_policy == dg.BackfillPolicy.single_run()


def test_a_backfill_asks_for_what_is_missing_some_at_a_time(
    root: Path, endpoint: Endpoint, instance: dg.DagsterInstance
) -> None:
    endpoint.script = lambda prompt, number: Reply(after_s=0.2)
    cohort(root, ESSAYS)
    generation(root, "evaluation", "v_e2", prompt="P", raw="R", parsed="9.0\n")
    generation(root, "evaluation", "v_e3", prompt="P", raw="SCORE: 3")
    register(instance)
    ran = backfill(instance, limits={"concurrency": 3})
    assert materialized(instance, ran) == {f"v_{essay}": STEPS for essay in ESSAYS}
    assert messages(instance, ran) == skipped("v_e2")
    [spent] = messages(instance, ran, "spent on sonnet-4")
    assert "6 answers, 30 prompt tokens, 18 answer tokens" in spent
    [outdated] = messages(instance, ran, "made from an earlier text")
    assert outdated.endswith("template novelty: 1")
    scores = [returned(ran, f"v_{essay}")[-1] for essay in ESSAYS]
    assert scores == ["7.0\n", "9.0\n", "3.0\n", *["7.0\n"] * 5]
    assert endpoint.requests == 6
    assert endpoint.most_in_flight == 3
    again = backfill(instance)
    assert messages(instance, again) == skipped(*(f"v_{essay}" for essay in ESSAYS))
    assert materialized(instance, again) == materialized(instance, ran)
    assert endpoint.requests == 6


def test_a_failed_partition_is_a_line_and_the_others_are_done(
    root: Path, endpoint: Endpoint, instance: dg.DagsterInstance
) -> None:
    cut = Reply(GOOD, finish_reason="length")

    def script(prompt: str, number: int) -> Reply:
        if "essay e3." in prompt and number == 1:
            return cut
        return Reply(status=400, body=b"flagged") if "essay e5." in prompt else Reply()

    endpoint.script = script
    cohort(root, ESSAYS)
    (root / "gens/essay/e7/parsed.txt").unlink()
    register(instance)
    ran = backfill(instance, fails=True)
    first, counts, *lines, way_out = failure(instance, ran).splitlines()
    assert first == "3 of 8 evaluations are not done"
    assert counts.startswith("3 failed: ")
    assert all(f"1 {one}" in counts for one in ("truncated", "http_400", "blocked"))
    assert [line.partition(":")[0] for line in sorted(lines)] == [
        "  v_e3", "  v_e5", "  v_e7"
    ]  # fmt: skip
    assert "docs-index cohort run --cohort here --retry-failed truncated" in way_out
    done = {f"v_{essay}": STEPS for essay in ESSAYS}
    part_done = done | {"v_e3": STEPS[:2], "v_e5": STEPS[:1]}
    del part_done["v_e7"]
    assert materialized(instance, ran) == part_done
    assert endpoint.requests == 7
    (root / "gens/essay/e7/parsed.txt").write_text("Mended.")
    endpoint.script = lambda prompt, number: Reply()
    mended = backfill(instance, limits={"retry_failed": "truncated"})
    assert materialized(instance, mended) == done
    assert endpoint.requests == 10
    assert (root / "gens/evaluation/v_e3/attempts/1/raw.txt").read_text() == GOOD


def test_many_failures_are_told_in_the_log(
    root: Path, endpoint: Endpoint, instance: dg.DagsterInstance
) -> None:
    essays = [f"e{number:02}" for number in range(SHOWN + 3)]
    cohort(root, essays)
    for essay in essays:
        (root / f"gens/essay/{essay}/parsed.txt").unlink()
    register(instance)
    ran = backfill(instance, fails=True)
    message = failure(instance, ran)
    assert "... and 3 more, each in the log of this run" in message
    told = messages(instance, ran, "v_e")
    named = [line.strip() for line in message.splitlines() if "v_e" in line]
    assert (len(told), len(named)) == (3, SHOWN)
    assert {line.partition(":")[0] for line in told + named} == {
        f"v_{essay}" for essay in essays
    }
    assert endpoint.requests == 0


def test_without_a_key_a_run_fails_once_before_any_partition(
    root: Path, endpoint: Endpoint, instance: dg.DagsterInstance, no_key: None
) -> None:
    cohort(root)
    generation(root, "evaluation", "v_e1", prompt="P", raw="R", parsed="9.0\n")
    register(instance)
    before = snapshot(root)
    ran = backfill(instance, fails=True)
    [message] = failure(instance, ran).splitlines()
    assert "set OPENROUTER_API_KEY" in message
    assert materialized(instance, ran) == {}
    assert messages(instance, ran) == []
    assert snapshot(root) == before
    ran = backfill(instance, assets=STEPS[:1])  # which asks for nothing
    assert materialized(instance, ran) == {"v_e1": STEPS[:1], "v_e2": STEPS[:1]}


def test_a_refused_key_ends_the_run(
    root: Path, endpoint: Endpoint, instance: dg.DagsterInstance
) -> None:
    endpoint.script = lambda prompt, number: Reply(status=401, body=b"{}")
    cohort(root, ESSAYS)
    register(instance)
    ran = backfill(instance, fails=True, limits={"concurrency": 1})
    message = failure(instance, ran)
    assert "the run stopped: " in message and "check the key" in message
    assert "7 were not started: launch them again" in message
    assert endpoint.requests == 1


def test_only_the_selected_steps_are_run(
    root: Path, endpoint: Endpoint, instance: dg.DagsterInstance
) -> None:
    cohort(root)
    register(instance)

    def files() -> set[str]:
        return {path.name for path in (root / "gens/evaluation/v_e1").iterdir()}

    ran = backfill(instance, assets=STEPS[1:], fails=True)
    assert "run evaluation_prompt first" in failure(instance, ran)
    assert (materialized(instance, ran), files()) == ({}, {"metadata.json"})
    for number, step in enumerate(STEPS):
        ran = backfill(instance, assets=[step])
        assert materialized(instance, ran) == {"v_e1": [step], "v_e2": [step]}
        assert ("prompt.txt" in files(), "raw.txt" in files()) == (True, number > 0)
        assert ("parsed.txt" in files()) is (number == 2)
        assert endpoint.requests == (2 if number else 0)


def test_limits_are_those_of_the_script(
    root: Path, endpoint: Endpoint, instance: dg.DagsterInstance
) -> None:
    cohort(root)
    tables(root, llm_models=[
        "id,model,for_evaluation,price_in,price_out,max_tokens",
        "sonnet-4,vendor/sonnet-4,true,1000,1000,10",
    ])  # fmt: skip
    register(instance)
    ran = backfill(instance, fails=True, limits={"max_cost": 0.00001})
    assert "2 were not started" in failure(instance, ran)
    assert endpoint.requests == 0
    for limits, word in (
        ({"max_wait": "soon"}, "'soon' is not a duration"),
        ({"retry_failed": "some"}, "'some' is not a failure"),
        ({"concurrency": 0}, "concurrency 0: 1 to 64"),
        ({"retries": -1}, "retries -1: 0 or more"),
        ({"requests_per_minute": 0}, "requests_per_minute 0.0: above 0"),
        ({"max_cost": -1}, "max_cost -1.0: 0 or more"),
    ):
        assert word in failure(instance, backfill(instance, fails=True, limits=limits))
    endpoint.script = lambda prompt, number: Reply(status=500, body=b"{}")
    ran = backfill(
        instance, fails=True, limits={"retries": 0, "requests_per_minute": 6000}
    )
    assert "no answer after 1 requests" in failure(instance, ran)
    assert endpoint.requests == 2


def test_evaluations_that_wait_in_a_batch_are_told(
    root: Path, endpoint: Endpoint, instance: dg.DagsterInstance
) -> None:
    cohort(root)
    batch = {"batch_id": "b", "endpoint": endpoint.url}
    folder = generation(root, "evaluation", "v_e2", prompt="P", batch=batch)
    (folder / "batch.txt").rename(folder / "batch.json")
    register(instance)
    ran = backfill(instance, fails=True)
    message = failure(instance, ran)
    assert "1 of 2 evaluations are not done" in message
    assert "1 wait for a batch: docs-index cohort run" in message
    assert "--cohort here --batch fetches" in message and "  v_e2" in message
    assert materialized(instance, ran) == {"v_e1": STEPS, "v_e2": STEPS[:1]}
    assert endpoint.requests == 1


def test_partitions_of_another_cohort_are_skipped_or_told(
    root: Path, endpoint: Endpoint, instance: dg.DagsterInstance
) -> None:
    cohort(root, ["e1", "e2"])
    register(instance)
    run(instance, "evaluation", "v_e1")
    cohort(root, ["e3"])
    register(instance)
    ran = backfill(instance, fails=True)
    message = failure(instance, ran)
    assert "1 of 3 evaluations are not done" in message
    assert "v_e2 is not an evaluation of cohort here" in message
    assert messages(instance, ran) == skipped("v_e1")
    assert materialized(instance, ran) == {"v_e3": STEPS, "v_e1": STEPS}
    assert endpoint.requests == 2


def test_an_error_of_the_machine_is_no_fault_of_an_evaluation(
    root: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(folder: Path, answer: object) -> None:
        if folder.name == "v_e2":
            raise OSError(ENOSPC, "No space left on device")
        kept(folder, answer)

    kept: Any = steps.keep_answer
    monkeypatch.setattr(steps, "keep_answer", full)
    cohort(root)
    register(instance)
    ran = backfill(instance, fails=True, limits={"concurrency": 1})
    assert materialized(instance, ran) == {"v_e1": STEPS}
    [event] = ran.get_step_failure_events()
    assert "No space left on device" in event.step_failure_data.error_display_string


def test_foreseen_errors_are_told(
    root: Path,
    endpoint: Endpoint,
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cohort(root)
    register(instance)
    (root / "cohorts/here/membership.csv").unlink()
    ran = run(instance, "evaluation", "v_e1", fails=True)
    assert "build the cohort first" in failure(instance, ran)
    monkeypatch.setenv("DD_COHORT", "none")
    ran = run(instance, "evaluation", "v_e1", fails=True)
    assert "no cohort is named" in failure(instance, ran)
    assert endpoint.requests == 0


@pytest.mark.parametrize("gen_ids", [["v_e1"], ["v_e1", "v_e2"]])
def test_texts_are_loaded_from_the_store(
    root: Path, instance: dg.DagsterInstance, gen_ids: list[str]
) -> None:
    cohort(root)
    register(instance)
    backfill(instance)
    generation(root, "evaluation", "v_e1", parsed="8.0\n")

    @dg.asset(partitions_def=PARTITIONS)
    def score(evaluation_parsed: Any) -> list[float]:
        if isinstance(evaluation_parsed, str):
            return [float(evaluation_parsed)]
        assert isinstance(evaluation_parsed, Texts)
        return [float(text) for text in evaluation_parsed.values()]

    parsed = dg.AssetSpec("evaluation_parsed", partitions_def=PARTITIONS)
    ran = dg.materialize(
        [score, parsed.with_io_manager_key(STORE)],
        tags={RANGE + "start": gen_ids[0], RANGE + "end": gen_ids[-1]},
        instance=instance,
        resources={STORE: GenerationStore(), "io_manager": dg.mem_io_manager},
    )
    assert ran.output_for_node("score") == [8.0, 7.0][: len(gen_ids)]


# Cohorts and models ------------------------------------------------------------------


def test_a_cohort_is_built_registered_and_run(
    root: Path, endpoint: Endpoint, instance: dg.DagsterInstance
) -> None:
    campaign_root(root)
    ran = run(instance, "cohort", assets=["cohort_membership"], fails=True)
    assert "launch the job cohort" in failure(instance, ran)
    expected = membership(root, "here")
    ran = run(instance, "cohort")
    rows = read_csv(root / "cohorts/here/membership.csv")
    assert [list(row.values()) for row in rows] == expected.rows
    new = [row["gen_id"] for row in rows if row["stage"] == "evaluation"]
    assert partitions(instance) == sorted(new)
    [event] = ran.asset_materializations_for_node("cohort_membership")
    assert event.metadata["new_evaluations"].value == len(new) == 2
    backfill(instance)
    assert endpoint.requests == 2
    ran = run(instance, "scores")
    [event] = ran.asset_materializations_for_node("aggregated_scores")
    assert event.metadata["scored"].value == 2
    assert [
        one["score"]
        for one in read_csv(root / "7_cross_experiment/aggregated_scores.csv")
    ] == ["7.0"] * 2
    select(root, "# mode: all\ngone\n")
    before = contents(root)
    ran = run(instance, "cohort", fails=True)
    message = failure(instance, ran)
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
    for name in ("documents", "cohort", "evaluation", "scores"):
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
    assert groups["scores"] == {"aggregated_scores"}
    assert len(groups) == 5
    cohort_keys = {dg.AssetKey(name) for name in groups["cohort_models"]}
    documents = {dg.AssetKey(name) for name in groups["documents_models"]}
    assert not documents & {
        parent for key in cohort_keys for parent in graph.get(key).parent_keys
    }  # a cohort may be all there is


def test_dbt_tests_are_checks() -> None:
    checks = definitions.resolve_asset_graph().asset_check_keys
    assert sorted(check.name for check in checks) == sorted(
        path.stem
        for path in (REPOSITORY / "tests/dbt").rglob("assert_*.sql")
        if path.parent.name != "scores"  # which the table's own build runs
        and 'target.type == "spark"' not in path.read_text("utf-8")
    )


def test_dagster_starts_as_documented_without_a_warning(
    root: Path, tmp_path: Path
) -> None:
    [block] = [one for one in blocks("docs/dagster.md", "sh") if "dagster dev" in one]
    start = block[block.index("export PYTHONWARNINGS") :].replace(
        "dagster dev", f"exec dagster dev --port {free_port()}"
    )
    shutil.copytree(REPOSITORY / ".dagster", tmp_path / "home")
    with_ours = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    with subprocess.Popen(
        ["bash", "-c", start],
        cwd=REPOSITORY,
        env=os.environ | {"DAGSTER_HOME": str(tmp_path / "home"), "PATH": with_ours},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as program:  # fmt: skip
        assert program.stdout is not None
        told = []
        for line in program.stdout:
            told.append(line)
            if "Serving dagster-webserver" in line:
                break
        program.send_signal(signal.SIGINT)
        program.communicate(timeout=60)
    assert "Serving dagster-webserver" in told[-1]
    assert not [line for line in told if "warning" in line.lower()]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_settings_are_quiet_and_let_one_run_hold_the_limits(tmp_path: Path) -> None:
    shutil.copy(REPOSITORY / ".dagster/dagster.yaml", tmp_path)
    with dg.DagsterInstance.from_config(str(tmp_path)) as configured:
        assert not configured.telemetry_enabled
        queue = configured.get_concurrency_config().run_queue_config
    assert queue is not None and queue.max_concurrent_runs == 1


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
