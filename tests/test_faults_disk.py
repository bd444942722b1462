"""A full disk: one clear line, nothing half-published, and the next run completes."""

import resource
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from building import (
    BUILD,
    DBT,
    TIMEOUT_S,
    Results,
    Run,
    bad_list,
    build,
    contents,
    copied,
    good,
    materialize,
    results,
    script,
    sharing,
    started,
)
from faults import listed, seen

pytestmark = pytest.mark.slow

DISK_BYTES = 96 * 2**20
STEPS = {"directories": 8 * 2**20}  # what is given more, in a phase, until it is enough
STEP = 128 * 2**10
FULL = ("No space left on device", "disk is full", "disk I/O error", "File too large")


@pytest.fixture(scope="module")
def disk(memory: Path) -> Iterator[Path]:
    """A small disk."""
    folder = memory / "disk"
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)]
    mounted = subprocess.run(["mount", *options], capture_output=True, check=False)
    if mounted.returncode != 0:
        pytest.skip("this user may not mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def small(disk: Path, built_large: Path) -> Iterator[Path]:
    """The large root, built, on the small disk."""
    yield copied(built_large, disk)
    shutil.rmtree(disk / "root")


@pytest.fixture(scope="module")
def expected(large_run: Run) -> Results:
    """What one run makes of the large root."""
    return results(large_run.root)


def _leave_free(disk: Path, free: int) -> None:
    """Fill a disk until so many bytes are left."""
    ballast = disk / "ballast"
    ballast.unlink(missing_ok=True)
    ballast.write_bytes(bytes(max(0, shutil.disk_usage(disk).free - free)))


def _is_full(messages: str) -> bool:
    return any(words in messages for words in FULL)


def test_a_run_on_a_full_disk_is_74_wherever_that_strikes(
    small: Path, disk: Path, large_run: Run, expected: Results
) -> None:
    whole = listed(large_run.root / "docs")
    struck = []
    free = 0
    while message := _message_of_run(small, disk, free):
        assert _is_full(message)
        assert _published(small).items() <= whole.items()
        struck.append(seen(small))
        free = STEPS.get(struck[-1], free + 4 * STEP)
    assert {"start", "directories"} <= set(struck)
    assert results(small) == expected


def test_lists_and_reports_on_a_full_disk_are_old_or_new(
    small: Path, disk: Path, expected: Results
) -> None:
    good(materialize(small))
    consistency, latest = sorted((small / "7_reporting").iterdir())
    latest.unlink()
    bad_list(small).unlink()
    consistency.write_text("old")
    for free, has_bad_list in ((0, False), (STEP, True)):
        message = _message_of_run(small, disk, free)
        assert message and _is_full(message)
        assert bad_list(small).exists() == has_bad_list
        assert not latest.exists()
        assert consistency.read_text() == "old"
    good(materialize(small))
    assert results(small) == expected


def _message_of_run(root: Path, disk: Path, free: int) -> str | None:
    """Run with so many bytes free; return its one line of error, if it has failed.

    What it only needs while it works is elsewhere.
    """
    _leave_free(disk, free)
    run = materialize(root, "--quiet", TMPDIR=str(disk.parent))
    (disk / "ballast").unlink()
    if run.returncode == 0:
        return None
    assert run.returncode == 74
    assert run.stderr.startswith("error: ")
    assert run.stderr.count("\n") == 1
    return run.stderr


def _published(root: Path) -> dict[str, int]:
    """Return the sizes of what has its final name under docs/, if anything has."""
    found = listed(root / "docs")
    return {path: size for path, size in found.items() if path[0] != "."}


def test_a_verification_without_room_finds_nothing(disk: Path, large_run: Run) -> None:
    struck = 0
    for free in range(STEP, DISK_BYTES // 2, 2**20):
        _leave_free(disk, free)
        process = script(large_run.root, "verify_docs.py", TMPDIR=str(disk))
        if process.returncode == 0:
            break
        assert process.returncode == 74, process.stdout
        assert _is_full(process.stderr)
        struck += 1
    (disk / "ballast").unlink()
    assert process.returncode == 0
    assert struck > 1


def test_a_build_on_a_full_disk_says_so_and_leaves_nothing_to_run_from(
    small: Path, disk: Path
) -> None:
    before = contents(small / "7_cross_experiment")
    (small / "db" / "build.duckdb").unlink()
    _leave_free(disk, 1_000_000)
    run = build(small)
    (disk / "ballast").unlink()
    said = run.stdout + run.stderr
    assert run.returncode in (1, 2)
    assert _is_full(said)
    assert "Traceback" not in said
    assert materialize(small).returncode == 2
    assert contents(small / "7_cross_experiment") == before


def test_a_build_that_cannot_write_all_is_whole_or_completed_by_the_next(
    built_large: Path, memory: Path, expected: Results
) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (5_000_000, 5_000_000))

    root = copied(built_large, memory / "limited")
    (root / "db" / "build.duckdb").unlink()
    environment = sharing(root)
    with started(
        root, str(DBT), *BUILD, environment=environment, preexec_fn=limit
    ) as run:
        said = "".join(run.communicate(timeout=TIMEOUT_S))
    assert "Traceback" not in said
    if run.returncode != 0:  # else DuckDB kept the rest in its log
        assert _is_full(said)
        good(build(root))
    good(materialize(root))
    assert results(root) == expected
