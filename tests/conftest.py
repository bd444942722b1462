"""What all tests share: the compiled models, Hypothesis profiles, and who may skip.

`HYPOTHESIS_PROFILE=soak` draws far more examples. With `CI` set, the examples are the
same in every run, and a skip that tests/skips.txt does not list fails the session.
"""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import Models, compiled_models
from hypothesis import HealthCheck, settings

pytest_plugins = ["building", "chromium", "cohort_models", "faults"]
pytest.register_assert_rewrite("agreement")

CI = bool(os.environ.get("CI"))
SKIPS = Path(__file__).with_name("skips.txt")
_skipped: list[tuple[str, str]] = []
# The files that take longest, which begin first: else one process would end long after
# the others.
LONGEST = (
    "test_docs.py",
    "test_build.py",
    "test_last_build.py",
    "test_bench.py",
    "test_commands.py",
    "test_build_cohort.py",
    "test_faults_kill.py",
    "test_materialize.py",
    "test_notices.py",
)

# A background job ignores Ctrl-C, and so would the processes that tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile(
    "project",
    deadline=None,
    derandomize=CI,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.register_profile("soak", settings.get_profile("project"), derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "project"))


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Models]:
    """The project's models, compiled once."""
    with compiled_models(tmp_path_factory) as compiled:
        yield compiled


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path.name, len(LONGEST)))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _remember(report)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    _remember(report)


def _remember(report: pytest.TestReport | pytest.CollectReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        _skipped.append((report.nodeid, reason.removeprefix("Skipped: ")))


def _may_skip(nodeid: str, reason: str) -> bool:
    """A line `node id prefix | reason` of skips.txt allows that skip."""
    lines = [line for line in SKIPS.read_text().splitlines() if " | " in line]
    allowed = [line.split(" | ", 1) for line in lines]
    return any(nodeid.startswith(start) and reason == why for start, why in allowed)


def pytest_sessionfinish(session: pytest.Session) -> None:
    surprises = [skip for skip in _skipped if not _may_skip(*skip)]
    if CI and surprises:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        for nodeid, reason in surprises:
            print(f"\nskipped, and not in tests/skips.txt: {nodeid} | {reason}")
