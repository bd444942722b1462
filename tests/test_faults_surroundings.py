"""Odd surroundings: without network, home or locale, and in a read-only repository.

Whatever they are, a build and a run make the same of the same inputs, byte for byte.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from building import (
    BUILD,
    DBT,
    REPOSITORY,
    SCRIPT,
    Run,
    by_itself,
    copied,
    dump,
    good,
    results,
    run,
)

pytestmark = pytest.mark.slow

NO_NAMESPACES = "this user may not have namespaces of its own"
ISOLATED = ("unshare", "--map-root-user", "--net", "--mount", "sh", "-c")
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && cd "$0"'
TRACED = ("strace", "-f", "-qq", "--seccomp-bpf", "-e", "trace=connect")


def check_same(
    root: Path,
    first_run: Run,
    wrapper: Sequence[str],
    changes: dict[str, str | None],
) -> None:
    """Build and run the sample in odd surroundings, and compare."""
    shutil.copytree(REPOSITORY / "sample", root)
    environment = by_itself(root) | changes
    for command in ((str(DBT), *BUILD), (str(SCRIPT),)):
        good(run(root, [*wrapper, sys.executable, *command], environment))
    assert dump(root) == dump(first_run.root)
    assert results(root) == results(first_run.root)


def need(*command: str, reason: str) -> None:
    """Skip a test on a machine where a command does not work."""
    is_there = shutil.which(command[0]) is not None
    if not is_there or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip(reason)


def test_without_network_home_or_locale(tmp_path: Path, first_run: Run) -> None:
    need(*ISOLATED, "true", reason=NO_NAMESPACES)
    surroundings = {
        "HOME": None,
        "LANG": None,
        "LC_ALL": "C",
        "PYTHONUTF8": None,
        "TZ": "Asia/Kathmandu",
    }
    wrapper = [*ISOLATED, 'umask 077 && exec "$@"', "sh"]
    root = tmp_path / 'größer, "odd" & it\'s 💡' / "root"
    check_same(root, first_run, wrapper, surroundings)


def test_in_a_read_only_repository_with_a_read_only_home(
    tmp_path: Path, first_run: Run
) -> None:
    cannot_write = f"{READ_ONLY} && ! touch README.md"
    need(*ISOLATED, cannot_write, str(REPOSITORY), reason=NO_NAMESPACES)
    home = tmp_path / "home"
    home.mkdir()
    surroundings: dict[str, str | None] = {"HOME": str(home), "TZ": "America/St_Johns"}
    home_too = 'mount -t tmpfs -o ro none "$HOME"'
    wrapper = [*ISOLATED, f'{READ_ONLY} && {home_too} && umask 000 && exec "$@"']
    root = tmp_path / "with spaces and [1] *" / "root"
    check_same(root, first_run, [*wrapper, str(REPOSITORY)], surroundings)


def test_nothing_is_asked_of_the_network(tmp_path: Path, first_run: Run) -> None:
    need(*TRACED, "true", reason="there is no strace that works")
    calls = tmp_path / "calls"
    wrapper = [*TRACED, "-A", "-o", str(calls)]
    check_same(tmp_path / "traced" / "root", first_run, wrapper, {})
    assert not re.findall(r"connect\(.*AF_INET", calls.read_text())


@pytest.mark.parametrize(
    "name",
    ["materialize_docs.py", "verify_docs.py", "suggest_repairs.py", "report_docs.py"],
)
def test_a_reader_who_leaves_changes_nothing_of_what_is_done(
    built_sample: Path, first_run: Run, tmp_path: Path, name: str
) -> None:
    first = name == "materialize_docs.py"
    root = copied(built_sample if first else first_run.root, tmp_path)
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as unread:
        process = subprocess.run(
            [sys.executable, f"scripts/{name}", "--data-root", str(root)],
            cwd=REPOSITORY,
            stdout=unread,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert process.returncode == 141
    assert "error" not in process.stderr.lower()
    if first:
        assert results(root) == results(first_run.root)
