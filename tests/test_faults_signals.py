"""Interrupted twice, as by somebody in a hurry: it ends at once, and in order."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from building import (
    SCRIPT,
    TIMEOUT_S,
    Run,
    copied,
    good,
    materialize,
    results,
    started,
)
from faults import seen, wait_for, workers

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("first", "second", "pause"),
    [
        (signal.SIGINT, signal.SIGINT, 0.02),
        (signal.SIGINT, signal.SIGTERM, 0),
        (signal.SIGTERM, signal.SIGTERM, 0.005),
        (signal.SIGTERM, signal.SIGINT, 0.1),
    ],
)
def test_a_run_interrupted_twice_is_completed_by_the_next(
    built_large: Path,
    large_run: Run,
    memory: Path,
    first: signal.Signals,
    second: signal.Signals,
    pause: float,
) -> None:
    root = copied(built_large, memory / "interrupted")
    command = [str(SCRIPT), "--workers", "2"]
    with started(root, *command) as process:
        wait_for(lambda: seen(root) == "directories")
        process.send_signal(first)
        time.sleep(pause)
        process.send_signal(second)
        _, messages = process.communicate(timeout=TIMEOUT_S)
    # The second may find nothing left of the run but Python's own end.
    assert process.returncode in (130, -second)
    assert set(messages.splitlines()) == {"error: interrupted; run again to complete"}
    good(materialize(root))
    assert results(root) == results(large_run.root)
    shutil.rmtree(root.parent)


def test_a_second_interrupt_ends_what_the_first_waits_for(
    built_large: Path, memory: Path
) -> None:
    root = copied(built_large, memory / "waiting")
    command = [str(SCRIPT), "--workers", "2"]
    with started(root, *command) as process:
        wait_for(lambda: seen(root) == "directories")
        stopped = workers(process)
        for worker in stopped:
            os.kill(worker, signal.SIGSTOP)
        try:
            process.send_signal(signal.SIGINT)
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(timeout=1)
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=10) == 130
        finally:
            for worker in stopped:
                os.kill(worker, signal.SIGCONT)
    good(materialize(root))
    shutil.rmtree(root.parent)
