"""The README's commands, run in a fresh copy, print what the README shows."""

import csv
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from endpoint import started_endpoint
from terminal import run_on_terminal

REPOSITORY = Path(__file__).resolve().parent.parent
README = (REPOSITORY / "README.md").read_text()
# The commands that run this test, that CI runs separately, or that run until Ctrl-C.
NOT_HERE = {"make test", "make setup", "make lint", "make browse", "dagster dev"}
# The prefixes of variables that would change what the commands do.
OURS = ("DBT_", "DATA_ROOT", "RUN_ID", "DD_", "OPEN", "MAKE", "MFLAGS")
BETWEEN = "\036"  # what stands on the terminal before the output of each command
WIDE = 200  # columns, so that paths of temporary folders are not cut
STANDS_FOR = {
    "KEY=…": "KEY=secret",
    "/path/to/experiment": '"$PWD/data"',
    "/tmp/plan": '"$PWD/plan"',
    "FIRST_ID": '"$(grep ^evaluation, data/cohorts/spring/membership.csv | '
    'sed -n 1p | cut -d , -f 2)"',
    "LAST_ID": '"$(tail -n 1 data/cohorts/spring/membership.csv | cut -d , -f 2)"',
}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def commands() -> list[tuple[str, str]]:
    """Return every command of the README with the output that is shown below it.

    Those of a campaign follow, which have none.
    """
    found: list[tuple[str, str]] = []
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output.strip()))
    found += [(line, "") for block in blocks("sh") for line in block.splitlines()]
    return [(command.partition("   #")[0].strip(), shown) for command, shown in found]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository as git has it, with this environment in its .venv."""
    folder = tmp_path_factory.mktemp("readme") / "copy"
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=REPOSITORY, capture_output=True, check=True, text=True,
    ).stdout.split("\0")  # fmt: skip
    for name in filter(None, listed):
        if (REPOSITORY / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, folder / name)
            os.utime(folder / name, (0, 0))  # older than .venv: nothing to install
    (folder / ".venv").symlink_to(REPOSITORY / ".venv")
    for stamp in ("ready-to-run", "ready-to-develop"):
        (folder / ".venv" / stamp).touch()
    return folder


@pytest.mark.slow
def test_every_command_does_what_it_shows(copy: Path) -> None:
    lines = ["set -euo pipefail"]
    due = [(command, shown) for command, shown in commands() if command not in NOT_HERE]
    if not shutil.which("sqlite3"):  # it need not be installed
        due = [each for each in due if not each[0].startswith("sqlite3 ")]
    for command, _ in due:
        for written, meant in STANDS_FOR.items():
            command = command.replace(written, meant)
        lines.append(f"printf '{BETWEEN}'\n{command}")
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(OURS)
    }
    with started_endpoint() as endpoint:
        process = run_on_terminal(
            ["bash", "-c", "\n".join(lines)],
            environment | {"OPENAI_BASE_URL": endpoint.url, "NO_COLOR": "1"},
            columns=WIDE, folder=copy, timeout=1200,
        )  # fmt: skip
    assert process.returncode == 0, process.stdout + process.stderr
    assert "Warning" not in process.stderr  # Dagster's own, say
    assert endpoint.requests == 3
    outputs = process.stdout.split(BETWEEN)[1:]
    for (command, shown), output in zip(due, outputs, strict=True):
        assert shown in output, command
        if command.endswith("build_cohort.py --cohort spring"):
            assert blocks("text")[-1].strip() in output
        if command == "make run":
            printed = output[output.index("data root ") :].strip()
            assert blocks("text")[0].strip() == printed.replace(f"{copy}/", "")


def test_the_worked_example_is_right() -> None:
    for block in blocks("python"):
        exec(block, {})


def test_every_invariant_is_listed_with_its_test() -> None:
    listed = re.findall(r"^\| .* \| `(assert_\w+)` \|$", README, re.MULTILINE)
    assert sorted(listed) == sorted(
        path.stem for path in (REPOSITORY / "tests/dbt").rglob("assert_*.sql")
    )


def test_every_reason_is_listed_with_its_remedy() -> None:
    with (REPOSITORY / "seeds/reasons.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            assert f"| `{row['reason']}` | {row['remedy']} |" in README
