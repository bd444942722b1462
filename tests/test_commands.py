"""`docs-index`: one command for everything, in a checkout and as pip installs it."""

import errno
import json
import os
import pty
import re
import shlex
import shutil
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import pytest
import typer
from building import REPOSITORY, Process, broken_dbt, contents, run, sharing, snapshot

from docs_index.apps.cli.app import app
from docs_index.apps.cli.commands import cohort, history
from docs_index.apps.cli.commands import sample as copy_of_sample
from docs_index.apps.cli.exits import MEANINGS, OF_ALL
from docs_index.data_roots import TABLES
from docs_index.disk.lock import held_lock
from docs_index.errors import StorageError
from docs_index.layout import Layout, open_layout
from docs_index.warehouse import dbt_run

COMMANDS = REPOSITORY / "src/docs_index/apps/cli/commands"
DOORS = {
    "aggregate_scores.py": "cohort aggregate",
    "browse_docs.py": "browse",
    "build_cohort.py": "cohort build",
    "cohort_scores.py": "cohort scores",
    "cohort_status.py": "cohort status",
    "inspect_docs.py": "",
    "materialize_docs.py": "materialize",
    "reindex_docs.py": "reindex",
    "report_docs.py": "report",
    "restore_docs.py": "restore",
    "run_evaluations.py": "cohort run",
    "select_missing_novelty_v2.py": "cohort select",
    "suggest_repairs.py": "repairs",
    "verify_docs.py": "verify",
}


def names(group: typer.Typer) -> list[str]:
    found = typer.main.get_command(group)
    return list(found.commands)  # type: ignore[attr-defined]


GROUPS = {"cohort": cohort.app, "history": history.app}
ALL = [
    *names(app),
    *(f"{group} {name}" for group, of in GROUPS.items() for name in names(of)),
]


def docs_index(root: Path, *words: str, **environment: str | None) -> Process:
    """Run a command on a data root: the door of all of them, as a fork runs it."""
    script = str(REPOSITORY / "scripts" / "inspect_docs.py")
    return run(root, [sys.executable, script, *words], sharing(root) | environment)


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    shutil.copytree(REPOSITORY / "sample", tmp_path / "root")
    return tmp_path / "root"


# What there is -----------------------------------------------------------------------


def test_every_file_of_commands_is_a_command() -> None:
    files = {path.stem.replace("_", " ") for path in COMMANDS.glob("[!_]*.py")}
    assert sorted(ALL) == sorted(files)


@pytest.mark.parametrize("command", ALL)
def test_every_command_says_how_it_is_used_and_how_it_ends(
    command: str, tmp_path: Path
) -> None:
    said = {}
    for option in ("-h", "--help"):
        process = docs_index(tmp_path, *command.split(), option)
        assert (process.returncode, process.stderr) == (0, "")
        said[option] = process.stdout
    assert said["-h"] == said["--help"]
    assert f"docs-index {command}" in said["-h"].replace(
        "inspect_docs.py", "docs-index"
    )
    if command not in GROUPS:
        for code in OF_ALL:
            assert re.search(rf"^ +{code}  {MEANINGS[code]}$", said["-h"], re.MULTILINE)
        assert f"Example: docs-index {command}" in " ".join(said["-h"].split())


def test_the_list_of_commands_has_a_whole_sentence_for_each(tmp_path: Path) -> None:
    for words in ([], *([group] for group in GROUPS)):
        process = docs_index(tmp_path, *words, "-h")
        assert process.returncode == 0
        assert "..." not in process.stdout.partition("Commands")[2]
        assert max(map(len, process.stdout.splitlines())) <= 80


@pytest.mark.parametrize("script", sorted(DOORS))
def test_a_script_is_a_door_of_a_command(script: str, tmp_path: Path) -> None:
    lines = (REPOSITORY / "scripts" / script).read_text().splitlines()
    assert len(lines) < 10
    path = str(REPOSITORY / "scripts" / script)
    by_script = run(tmp_path, [sys.executable, path, "--help"], {}).stdout
    by_command = docs_index(tmp_path, *DOORS[script].split(), "--help").stdout
    assert by_script.split("\n\n", 1)[1] == by_command.split("\n\n", 1)[1]
    assert (REPOSITORY / "scripts").joinpath(script).is_file()


def test_every_script_is_a_door() -> None:
    assert sorted(DOORS) == sorted(
        p.name for p in (REPOSITORY / "scripts").glob("*.py")
    )


def test_the_version_is_the_package_s(tmp_path: Path) -> None:
    process = docs_index(tmp_path, "--version")
    assert process.stdout == f"docs-index {version('docs-index')}\n"


def test_options_of_one_name_mean_one_thing() -> None:
    """An option has one form everywhere: with a value or without, and its short help.

    `run_id` and `limit` choose documents where documents are listed.
    """
    seen: dict[str, set[tuple[bool, str | None]]] = {}
    for name in ALL:
        module = import_module(f"docs_index.apps.cli.commands.{name.replace(' ', '_')}")
        for option in typer.main.get_command(module.app).params:
            if option.param_type_name == "option":
                form = (option.is_flag, option.metavar)  # type: ignore[attr-defined]
                for word in (*option.opts, *option.secondary_opts):
                    seen.setdefault(word, set()).add(form)
    assert {word: forms for word, forms in seen.items() if len(forms) > 1} == {}


# Where it is -------------------------------------------------------------------------


def on_a_terminal(command: list[str], cwd: Path, environment: dict[str, str]) -> str:
    """Run a command with a terminal as stderr alone, and return what that shows."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command, cwd=cwd, env=environment, stdout=subprocess.DEVNULL, stderr=theirs
    ) as process:
        os.close(theirs)
        said = b""
        try:
            while piece := os.read(ours, 4096):
                said += piece
        except OSError:  # the other end is closed
            pass
        process.wait(timeout=60)
    os.close(ours)
    return said.decode().replace("\r\n", "\n")


def test_a_terminal_is_told_the_data_root(ran: Path) -> None:
    bare = {name: value for name, value in os.environ.items() if name != "DATA_ROOT"}
    script = str(REPOSITORY / "scripts" / "inspect_docs.py")
    command = [sys.executable, script, "ls"]
    found = "found here or above; DATA_ROOT is not set"
    cases: list[tuple[list[str], dict[str, str], str]] = [
        ([], {"DATA_ROOT": str(ran)}, "DATA_ROOT"),
        (["--data-root", str(ran)], {}, "--data-root"),
        ([], {}, found),
    ]
    for options, environment, source in cases:
        said = on_a_terminal([*command, *options], ran / "docs", bare | environment)
        assert said.startswith(f"data root {ran} ({source})\n")


def test_a_pipe_is_told_only_a_root_that_was_found(ran: Path) -> None:
    assert docs_index(ran, "ls").stderr == ""
    script = str(REPOSITORY / "scripts" / "inspect_docs.py")
    bare = {name: value for name, value in os.environ.items() if name != "DATA_ROOT"}
    process = subprocess.run(
        [sys.executable, script, "ls"],
        cwd=ran, env=bare, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert process.stderr.startswith(f"data root {ran} (found here or above; ")


# Run, plan, status, sample -----------------------------------------------------------


def test_a_plan_says_what_a_run_would_do_and_touches_nothing(sample: Path) -> None:
    before = snapshot(sample)
    plan = docs_index(sample, "plan", "--json", "--quiet")
    assert (plan.returncode, plan.stderr) == (0, "")
    assert snapshot(sample) == before
    done = docs_index(sample, "run", "--json", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    planned, made = json.loads(plan.stdout), json.loads(done.stdout)
    assert planned["documents"] == made["documents"]
    assert planned["dry_run"] and not made["dry_run"]
    assert made["build"]["models"] > 60 and made["build"]["tests"] > 20
    assert Path(made["build"]["log"]).is_file()
    for stage, count in made["placed_by_stage"].items():
        assert len(list((sample / "docs" / stage).glob("*/*/raw.txt"))) == count
    again = docs_index(sample, "run", "--full-refresh")
    assert "nothing new: nothing was written" in again.stdout
    assert re.search(r"built \d+ models, \d+ tests passed, .* log: /", again.stderr)


def test_a_refusal_of_the_build_has_its_exit_code(
    sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["/site/dbt/cli/main.py"])  # as a run starts dbt
    with held_lock(open_layout(sample).lock, patience_s=0):
        process = docs_index(sample, "run")
    assert process.returncode == 75
    assert process.stderr.startswith("error: dbt (process ")
    assert "Traceback" not in process.stderr
    table = sample / TABLES[0]
    table.write_bytes(table.read_bytes() + b'"half a record')
    process = docs_index(sample, "run")
    assert process.returncode == 2
    assert str(table.name) in process.stderr


@pytest.mark.slow
def test_a_run_with_vars_of_dbt(sample: Path) -> None:
    others = {"DBT_TARGET": "prod", "DBT_WRITE_JSON": "false", "DBT_EMPTY": "true"}
    words = ("run", "--max-response-bytes", "1", "--json")
    process = docs_index(sample, *words, **others)  # of the user's own dbt project
    assert process.returncode == 0, process.stderr
    made = json.loads(process.stdout)
    assert made["placed_by_stage"] == {}
    refused = docs_index(sample, "run", "--evaluation-root", "../elsewhere")
    assert refused.returncode == 2
    assert "must be a folder under the data root" in refused.stderr


def test_a_dbt_that_does_not_start_has_no_log(sample: Path, tmp_path: Path) -> None:
    path = broken_dbt(tmp_path, "dbt is broken")
    process = docs_index(sample, "run", PYTHONPATH=path)
    assert process.returncode == 2
    assert "the build failed, and nothing was ingested:" in process.stderr
    assert "dbt is broken" in process.stderr
    assert "log: " not in process.stderr


def test_a_folder_of_dbt_that_cannot_be_written_is_named(
    sample: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    target = str(tmp_path / "file" / "target")
    for command in ("plan", "run"):
        process = docs_index(sample, command, DBT_TARGET_PATH=target)
        assert process.returncode == 74
        [line] = process.stderr.splitlines()
        assert line.startswith(f"error: {target}/{command}s/")
        assert "Not a directory; dbt needs a folder to write to" in line


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("/x/y.txt: Permission denied; mend the cause, then build again", 74),
        ("[Errno 28] No space left on device", 74),
        ("IO Error: Could not write file", 74),
        ("Got 4 results, configured to fail if != 0", 2),
    ],
)
def test_what_the_machine_could_not_do_has_its_exit_code(
    tmp_path: Path, said: str, code: int
) -> None:
    results, log = tmp_path / "run_results.json", tmp_path / "dbt.log"
    log.write_text("")
    node = {"status": "error", "message": said, "unique_id": "test.docs_index.a"}
    results.write_text(json.dumps({"results": [node]}))
    failure = dbt_run._failure(results, "", log)
    assert failure.exit_code == code
    assert said in str(failure)
    results.write_text('{"results": [{"sta')  # half of it, as on a full disk
    assert dbt_run._failure(results, said, log).exit_code == code
    with pytest.raises(StorageError, match="is not whole"):
        dbt_run._built(results, log)


def test_the_first_error_of_the_system_is_what_a_build_failed_of() -> None:
    """Python's logging shows pages about each line that it cannot write."""
    program = "import sys; print('OSError: [Errno 28] No space left on device'); " + (
        "print('line\\n' * 100); sys.exit(1)"
    )
    said = dbt_run._follow([sys.executable, "-c", program], {}, lambda *_: None)
    assert said == "OSError: [Errno 28] No space left on device"


def test_dbt_s_folder_of_an_installed_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(dbt_run, "IS_INSTALLED", True)
    monkeypatch.delenv("DBT_TARGET_PATH", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", "cache")
    assert dbt_run.main_target().is_relative_to(tmp_path / "cache")
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setattr(Path, "home", fail)
    with pytest.raises(StorageError, match="no home folder: set DBT_TARGET_PATH"):
        dbt_run.main_target()


def test_dbt_finds_the_modules_of_a_relative_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["lib", "/site"]))
    found = dbt_run._environment(Layout(tmp_path), tmp_path)["PYTHONPATH"]
    assert found == os.pathsep.join([str(tmp_path / "lib"), "/site"])


def test_status_says_what_is_there_and_what_is_next(ran: Path) -> None:
    before = snapshot(ran)
    process = docs_index(ran, "status", "--json")
    assert (process.returncode, process.stderr) == (0, "")
    state = json.loads(process.stdout)
    assert snapshot(ran) == before
    assert state["has_index"] and sum(state["documents"].values()) == 32
    assert state["layout"] == "directories"
    assert sum(state["rejected_rows"].values()) == 8
    assert state["changed_since_build"] == []
    assert state["next"][0]["command"] == "docs-index repairs"
    os.utime(ran / TABLES[0], (2e9, 2e9))
    state = json.loads(docs_index(ran, "status", "--json").stdout)
    assert state["changed_since_build"] == [TABLES[0]]
    assert [each["command"] for each in state["next"]] == [
        "docs-index plan",
        "docs-index run",
    ]


def test_the_next_commands_name_the_data_root_of_the_option(ran: Path) -> None:
    named = ran.with_name("an 'odd' name")
    ran.rename(named)
    status = docs_index(named, "status", "--data-root", str(named)).stdout
    (line,) = (line for line in status.splitlines() if line.startswith("next\t"))
    assert shlex.split(line.split("\t")[1])[-2:] == ["--data-root", str(named)]
    assert "--data-root" not in docs_index(named, "status").stdout


def test_status_of_a_new_data_root(sample: Path) -> None:
    process = docs_index(sample, "status")
    assert process.returncode == 0
    assert "none yet" in process.stdout
    assert "docs-index plan" in process.stdout


def test_status_where_folders_and_the_index_are_not_what_they_should_be(
    sample: Path,
) -> None:
    shutil.rmtree(sample / "gens/draft")
    (sample / "gens/draft").write_text("")
    (sample / "db").mkdir()
    (sample / "db/documents.sqlite").write_bytes(b"")  # as a killed run can leave it
    process = docs_index(sample, "status", "--json")
    assert (process.returncode, process.stderr) == (0, "")
    state = json.loads(process.stdout)
    assert not state["has_index"] and "draft" not in state["generations"]
    assert state["layout"] is None
    for table in TABLES:
        (sample / table).unlink()
    process = docs_index(sample, "status")
    assert (process.returncode, process.stderr) == (0, "")
    assert "next" not in process.stdout


def test_the_sample_is_copied_to_a_new_folder_only(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    assert docs_index(tmp_path, "sample", str(folder)).returncode == 0
    assert contents(folder) == contents(REPOSITORY / "sample")
    process = docs_index(tmp_path, "sample", str(folder))
    assert process.returncode == 2
    assert f"{folder} exists: name a new folder" in process.stderr


def test_the_next_command_can_be_copied(tmp_path: Path) -> None:
    folder = tmp_path / "it's mine"
    said = docs_index(tmp_path, "sample", str(folder)).stdout
    assert shlex.split(said.partition("next: ")[2])[-1] == str(folder)


def test_a_sample_that_cannot_be_copied_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, folder = tmp_path / "source", tmp_path / "new"
    (source / "inside").mkdir(parents=True)
    (source / "a").write_text("")
    (source / "inside/b").write_text("text")
    source.chmod(0o555)  # as some systems install packages
    copy_of_sample.copy_whole(source, folder)
    source.chmod(0o755)
    assert contents(folder) == contents(source)
    assert folder.stat().st_mode & 0o200
    shutil.rmtree(folder)

    def fail(_: Path, to: Path) -> None:
        to.write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device", "of the source")

    monkeypatch.setattr(shutil, "copyfile", fail)
    with pytest.raises(StorageError, match=f"{folder} .*: No space left on device"):
        copy_of_sample.copy_whole(source, folder)
    assert not folder.exists()


# Closed streams ----------------------------------------------------------------------


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("words", [["ls"], ["cat", "6z2j"], ["export", "--format=csv"]])
def test_a_stream_may_be_closed(ran: Path, words: list[str], closed: str) -> None:
    script = str(REPOSITORY / "scripts" / "inspect_docs.py")
    command = [sys.executable, script, *words, "--data-root", str(ran)]
    process = subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}', "sh", *command],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (process.returncode, process.stderr) == (0, "")
    assert bool(process.stdout) == (closed == "2>&-")


# No checkout -------------------------------------------------------------------------


def test_no_message_names_a_file_of_the_checkout() -> None:
    """Texts that users see name no script and no page: a wheel has none."""
    named = re.compile(r"scripts/|\bdocs/\w+\.md|README|\b\w+_docs\.py")
    texts: list[Path] = [
        *REPOSITORY.glob("seeds/**/*.csv"),
        *REPOSITORY.glob("src/**/*.csv"),
    ]
    found = [path for path in texts if named.search(path.read_text())]
    package = REPOSITORY / "src/docs_index"
    for path in package.rglob("*.py"):
        strings = re.sub(r'"""[\s\S]*?"""|#.*', "", path.read_text())
        found += [path] if named.search(strings) else []
    assert found == []


@pytest.mark.slow
def test_an_installed_wheel_does_the_whole_work(tmp_path: Path) -> None:
    """Outside of the checkout, and with nothing written into the package."""
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    wheels, site = tmp_path / "wheels", tmp_path / "site"
    made = [*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", str(wheels)]
    subprocess.run([*made, str(REPOSITORY)], check=True, timeout=300)
    (wheel,) = wheels.iterdir()
    put = [*pip, "install", "--no-deps", "--target", str(site), str(wheel)]
    subprocess.run(put, check=True, timeout=300)
    before = contents(site)
    keep = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = keep | {
        "PYTHONPATH": str(site),
        "PYTHONDONTWRITEBYTECODE": "1",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    program = "from docs_index.apps.cli.app import app; app(prog_name='docs-index')"
    essay = "e_moss"
    said = ""
    for words in (
        ["sample"], ["plan"], ["run"], ["run"], ["status"], ["ls"], ["verify"],
        ["restore"], ["reindex"], ["repairs"], ["report"], ["search", "moss"],
        ["cohort", "build", "spring"], ["cohort", "run", "spring", "--dry-run"],
        ["cohort", "aggregate"], ["cohort", "scores", "spring"],
    ):  # fmt: skip
        if words[:2] == ["cohort", "build"]:
            tasks = tmp_path / "data" / "2_tasks"
            tasks.mkdir()
            selection = f"# mode: evaluation-only\n{essay}\n"
            (tasks / "selected_essays.txt").write_text(selection)
        process = subprocess.run(
            [sys.executable, "-c", program, *words], cwd=tmp_path, env=environment,
            capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert process.returncode == 0, (words, process.stdout, process.stderr)
        said += process.stdout + process.stderr
    assert contents(site) == before
    assert not re.search(r"scripts/|\bdocs/\w+\.md|\.py\b", said)


# make --------------------------------------------------------------------------------


def make(folder: Path, *words: str) -> Process:
    """Run make in a folder that has nothing but what the set-up looks at."""
    shutil.copy(REPOSITORY / "Makefile", folder)
    for name in ("requirements.txt", "pyproject.toml"):
        (folder / name).touch()
    # As a user calls it, also where the tests themselves run under make.
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["make", *words],
        cwd=folder,
        env=kept,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_make_alone_is_help(tmp_path: Path) -> None:
    process = make(tmp_path)
    assert process.returncode == 0
    assert process.stdout.startswith("make run ")
    targets = re.findall(r"^make ([a-z-]+) ", process.stdout, re.MULTILINE)
    phony = re.search(
        r"^\.PHONY: help (.*)$", (tmp_path / "Makefile").read_text(), re.M
    )
    assert phony and sorted(targets) == sorted(
        set(phony[1].split())
        - {"test-slow", "test-engines-slow"}  # the help names them in another line
    )


def test_an_old_python_is_refused_in_one_line_and_leaves_nothing(
    tmp_path: Path,
) -> None:
    old = tmp_path / "python3.10"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    process = make(tmp_path, "run", "PYTHON=./python3.10")
    assert process.returncode == 2
    assert process.stderr.count("\n") == 1
    assert "is not found, or is older than Python 3.11: name another" in process.stderr
    assert not (tmp_path / ".venv").exists()
