"""Killed at any moment: the next run completes, as if nothing had happened."""

import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from building import (
    BUILD,
    DBT,
    REPOSITORY,
    SCRIPT,
    TIMEOUT_S,
    build,
    good,
    materialize,
    sharing,
    started,
)
from faults import (
    BUILDING,
    PHASES,
    STAGES,
    Popen,
    Whole,
    holds_lock,
    kill,
    left_in,
    reached,
    seen,
    wait_for,
)
from sampling import SOAK

pytestmark = [pytest.mark.soak, pytest.mark.slow]

DOCUMENTS = 1500
FEWEST = 2
KILLS = 75 if SOAK else 2  # in each phase, and as many at any moment
BUILD_KILLS = 50 if SOAK else FEWEST
INSERT_SECONDS = 0.04  # about what the rows of a stage take


@dataclass(frozen=True)
class Target:
    """A built root, what a whole run makes of it, and how many seconds that takes.

    `seconds` has a phase's, the build's and, as `any moment`, the whole run's.
    """

    root: Path
    scratch: dict[str, str | None]
    whole: Whole
    seconds: dict[str, float]

    def build(self) -> None:
        good(build(self.root, **self.scratch))

    def materialize(self) -> None:
        good(materialize(self.root, "--workers", "2", **self.scratch))


@contextmanager
def building(root: Path, scratch: dict[str, str | None]) -> Iterator[Popen]:
    """Have `dbt build` make all tables, in a process group of its own."""
    environment = sharing(root) | scratch
    options: dict[str, Any] = {"environment": environment, "start_new_session": True}
    command = (str(DBT), *BUILD, "--full-refresh")
    with started(root, *command, **options) as process:
        yield process


@contextmanager
def materializing(root: Path, scratch: dict[str, str | None]) -> Iterator[Popen]:
    """Have the materializer in a process group of its own."""
    command = (str(SCRIPT), "--quiet", "--workers", "2")
    options: dict[str, Any] = {"environment": scratch, "start_new_session": True}
    with started(root, *command, **options) as process:
        yield process


@pytest.fixture(scope="module")
def target(memory: Path) -> Target:
    """A root that is built and run once, undisturbed and watched."""
    root = memory / "killed" / "root"
    maker = [sys.executable, str(REPOSITORY / "bench" / "make_root.py"), str(root)]
    size = ["--documents", str(DOCUMENTS), "--text-bytes", "300"]
    subprocess.run([*maker, *size], check=True, capture_output=True)
    scratch = root.parent / "scratch"
    scratch.mkdir()
    environment: dict[str, str | None] = {"TMPDIR": str(scratch)}
    seconds = {BUILDING: _watched_build(root, environment)}
    seconds |= _watched_run(root, environment)
    return Target(root, environment, Whole(root), seconds)


def _watched_build(root: Path, scratch: dict[str, str | None]) -> float:
    with building(root, scratch) as process:
        wait_for(lambda: holds_lock(process, root))
        begun = time.monotonic()
        process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 0
    return time.monotonic() - begun


def _watched_run(root: Path, scratch: dict[str, str | None]) -> dict[str, float]:
    seconds: dict[str, float] = dict.fromkeys(PHASES, 0.0)
    with materializing(root, scratch) as process:
        begun = before = time.monotonic()
        while process.poll() is None:
            phase, now = seen(root), time.monotonic()
            seconds[phase] += now - before
            before = now
    assert process.returncode == 0
    return {**seconds, "index rows": INSERT_SECONDS, "any moment": before - begun}


@pytest.mark.parametrize("phase", [*PHASES, "any moment"])
def test_a_killed_run_is_completed_by_the_next(
    target: Target, phase: str, chance: random.Random, landed: Counter[str]
) -> None:
    seconds = target.seconds[phase]
    found: Counter[str] = Counter()
    while found.total() < KILLS or (phase in PHASES and found[phase] < FEWEST):
        assert found.total() < 5 * KILLS, f"no more than {found}"
        target.whole.forget_runs()
        at = _kill_a_run(target, phase, chance.uniform(0, seconds), chance)
        if at == phase or phase not in PHASES:
            seconds = target.seconds[phase]
        else:
            seconds *= 0.7  # it was too late, as a rule
        for tally in (found, landed):
            tally.update([at] if at else [])
        target.whole.check_so_far()
        if chance.random() < 0.3:
            again = chance.uniform(0, target.seconds["any moment"])
            _kill_a_run(target, "any moment", again, chance)
        target.materialize()
        target.whole.check()


def _kill_a_run(
    target: Target, phase: str, delay: float, chance: random.Random
) -> str | None:
    """Kill a run some time after a phase begins; return the phase that it was in.

    None means that the run had ended before.
    """
    with materializing(target.root, target.scratch) as process:
        _wait_for(phase, target, process, chance)
        time.sleep(delay)
        # With its workers where it matters that they do not end their calls.
        with_workers = phase == "index rows" or chance.random() < 0.5
        if not kill(process, with_workers=with_workers):
            return None
    return reached(target.root, target.whole)


def _wait_for(
    phase: str, target: Target, process: Popen, chance: random.Random
) -> None:
    """Wait until a phase begins: for rows, until a stage has all its directories."""
    stage = chance.choice(STAGES)

    def has_begun() -> bool:
        if phase == "index rows":
            return target.whole.is_placed(stage)
        return seen(target.root) == phase

    if phase in PHASES:
        wait_for(lambda: has_begun() or process.poll() is not None)


def test_a_killed_build_is_completed_by_the_next(
    target: Target, chance: random.Random, landed: Counter[str]
) -> None:
    target.whole.forget_runs()
    while landed[BUILDING] < BUILD_KILLS:
        with building(target.root, target.scratch) as process:
            wait_for(lambda: holds_lock(process, target.root))
            time.sleep(chance.uniform(0, 0.9 * target.seconds[BUILDING]))
            landed[BUILDING] += kill(process, with_workers=False)
    target.build()
    target.materialize()
    target.whole.check()


def test_a_build_killed_while_a_python_model_runs_leaves_no_file_for_good(
    target: Target, landed: Counter[str]
) -> None:
    scratch = Path(str(target.scratch["TMPDIR"]))
    with building(target.root, target.scratch) as process:
        wait_for(lambda: any(scratch.rglob("*.py")))
        assert kill(process, with_workers=True)
    landed[BUILDING] += 1
    assert list(scratch.rglob("*.py"))
    target.build()
    assert not left_in(scratch)
