"""The pages: their commands print what is shown, their links and tables are whole.

The pages are the README and those that docs/README.md lists, in its order.
tests/README.md says how a page is written so that its commands can be run.
"""

import csv
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
from endpoint import started_endpoint
from terminal import run_on_terminal

REPOSITORY = Path(__file__).resolve().parent.parent
LINK = re.compile(r"\[[^]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
START = re.compile(r"The commands on this page start from ([^.]+)\.")
LONGEST_README = 130
GROUPS = ("cohort", "history")  # of commands
TOOL_PAGES = sorted((REPOSITORY / "docs/histories").glob("*.md"))

# The states that a page can start from.
CHECKOUT, SAMPLE, RAN, HISTORIES = (
    "a new checkout",
    "a copy of the sample",
    "the sample after a run",
    "a copy of the example histories",
)
# Commands that this test leaves out, and why.
NOT_HERE = {
    "make setup": "CI runs it before the tests",
    "make test": "this test is part of what it does",
    "docs-index browse": "it goes on until Ctrl-C",
    "dagster dev": "it goes on until Ctrl-C",
    "docs-index --install-completion": "it changes files of the user's shell",
}
# The requests to the endpoint that a page makes.
ASKS = {"docs/campaign.md": 3, "docs/dagster.md": 3}
# The prefixes of variables that would change what the commands do.
OURS = ("DBT_", "DATA_ROOT", "RUN_ID", "DD_", "OPEN", "MAKE", "MFLAGS", "COLUMNS")
STANDS_FOR = {
    "KEY=…": "KEY=secret",
    "/path/to/experiment": '"$PWD/experiment"',
    "/tmp/plan": '"$PWD/plan"',
    "FIRST_ID": '"$(grep ^evaluation, data/cohorts/spring/membership.csv | '
    'sed -n 1p | cut -d , -f 2)"',
    "LAST_ID": '"$(tail -n 1 data/cohorts/spring/membership.csv | cut -d , -f 2)"',
}
# The lists of the program that a page has as a table, by their columns.
TABLES = {
    "docs/rejected.md": ("seeds/reasons.csv", ("reason", "remedy")),
    "docs/verifying.md": (
        "src/docs_index/audit/findings.csv",
        ("code", "meaning", "remedy"),
    ),
}
SHOWN_FOLDER = "/home/me/docs-index"
MARK = "\036"  # what is on the terminal after the output of each command
WIDTH = 88
# If it is set, the test writes into the pages what their commands print.
WRITE = "DOCS_INDEX_WRITE_PAGES"


def read(page: str) -> str:
    return (REPOSITORY / page).read_text()


def pages() -> list[str]:
    """Return the README and the pages of docs/, in the reader's order."""
    table = [line for line in read("docs/README.md").splitlines() if line[:3] == "| ["]
    names = [link for line in table for link in LINK.findall(line)]
    return ["README.md", *(f"docs/{name}" for name in names)]


def texts() -> list[str]:
    """Return every page, also those for people who change the program."""
    return [
        *pages(),
        *(f"docs/histories/{path.name}" for path in TOOL_PAGES),
        "docs/README.md",
        "CONTRIBUTING.md",
        "tests/README.md",
        "bench/README.md",
    ]


def blocks(page: str, *languages: str) -> list[str]:
    return [block for kind, block in CODE.findall(read(page)) if kind in languages]


def commands(page: str) -> list[tuple[str, str, str]]:
    """Return the commands of a page, each with its comment and what is shown of it."""
    found: list[tuple[str, str]] = []
    for kind, block in CODE.findall(read(page)):
        block = block.replace("\\\n", "")
        if kind == "sh":
            found += [(line, "") for line in block.splitlines()]
        elif kind == "console":
            parts = re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
            found += [
                (part.partition("\n")[0], part.partition("\n")[2]) for part in parts
            ]
    split = [(line.partition("   #"), shown) for line, shown in found]
    return [(parts[0].strip(), parts[2], shown) for parts, shown in split]


# Commands ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def copy() -> Iterator[Path]:
    """A copy of the repository as git has it, with this environment in its .venv.

    Its path is as long as the one that pages show, since tables are cut to fit.
    """
    folder = Path(tempfile.mkdtemp(prefix="pages-", dir="/tmp"))
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
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def ran(copy: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample after a run in the folder `data` of the copy, as a build names it."""
    shutil.copytree(REPOSITORY / "sample", copy / "data")
    results, errors = session(copy, ["docs-index run"], activated())
    assert [code for code, _ in results] == [0], errors
    return Path(shutil.move(copy / "data", tmp_path_factory.mktemp("ran")))


@pytest.fixture
def started(request: pytest.FixtureRequest, copy: Path, page: str) -> Iterator[None]:
    """Put the copy into the state that the page starts from."""
    before = set(copy.iterdir())
    state = start(page)
    shutil.copytree(REPOSITORY / "sample", copy / "experiment")
    if state == SAMPLE:
        shutil.copytree(REPOSITORY / "sample", copy / "data")
    elif state == HISTORIES:
        shutil.copytree(REPOSITORY / "examples/histories", copy / "data")
    elif state == RAN:
        shutil.copytree(request.getfixturevalue("ran"), copy / "data")
    yield
    for path in set(copy.iterdir()) - before - {copy / "target", copy / "logs"}:
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def start(page: str) -> str:
    """Return the state that a page says its commands start from."""
    said = START.findall(" ".join(read(page).split()))
    assert len(said) == 1, f"{page} does not say once what its commands start from"
    state: str = said[0]
    assert state in (CHECKOUT, SAMPLE, RAN, HISTORIES)
    return state


def activated() -> dict[str, str]:
    """Return the variables with which a shell finds the commands."""
    return {"PATH": f"{REPOSITORY / '.venv/bin'}{os.pathsep}{os.environ['PATH']}"}


def session(
    folder: Path, due: list[str], variables: dict[str, str]
) -> tuple[list[tuple[int, str]], str]:
    """Run commands in one shell on a terminal.

    Returns what each ended with and printed, and what all wrote to stderr.
    """
    lines = []
    for command in due:
        for written, meant in STANDS_FOR.items():
            command = command.replace(written, meant)
        lines += [command, f"printf '{MARK}%s\\n' $?"]
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(OURS)
    }
    process = run_on_terminal(
        ["bash", "-c", "\n".join(lines)],
        environment | {"NO_COLOR": "1"} | variables,
        columns=WIDTH, folder=folder, timeout=1200,
    )  # fmt: skip
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", process.stdout)
    parts = re.split(rf"{MARK}(\d+)\n", plain)
    results = zip(map(int, parts[1::2]), parts[::2], strict=False)
    return list(results), process.stderr


def contents(folder: Path) -> dict[str, bytes]:
    """Return the files below a folder with their bytes."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def comparable(text: str) -> str:
    """Return a text without what differs between two runs of a command."""
    text = re.sub(r"\b\d+(\.\d+)? s\b", "N s", text)
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines())


def is_shown(shown: str, output: str) -> bool:
    """Tell whether an output is as a page shows it; `…` stands for lines between."""
    output = comparable(output)
    for part in re.split(r"^…\n", shown, flags=re.MULTILINE):
        if part.strip():
            _, found, output = output.partition(comparable(part))
            if not found:
                return False
    return True


def write_shown(page: str, command: str, shown: str, output: str) -> None:
    """Put the output of a command into its page, where another one is shown."""
    if not shown.strip() or is_shown(shown, output):
        return
    text = read(page)
    line = rf"^\$ {re.escape(command)}( +#.*)?\n(?={re.escape(shown)})"
    found = re.search(line, text, re.MULTILINE)
    assert found
    written = "\n".join(line.rstrip() for line in output.strip("\n").splitlines())
    rest = text[found.end() :].removeprefix(shown)
    (REPOSITORY / page).write_text(f"{text[: found.end()]}{written}\n{rest}")


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in pages() if commands(page)])
def test_every_command_does_what_its_page_shows(
    copy: Path, started: None, page: str
) -> None:
    due = [
        each
        for each in commands(page)
        if each[0] not in NOT_HERE
        # It need not be installed.
        and (shutil.which("sqlite3") or not each[0].startswith("sqlite3 "))
    ]
    variables = {} if start(page) == CHECKOUT else activated()
    with started_endpoint() as endpoint:
        results, errors = session(
            copy,
            [command for command, _, _ in due],
            variables | {"OPENAI_BASE_URL": endpoint.url},
        )
    for (command, comment, shown), (code, output) in zip(due, results, strict=False):
        output = output.replace(str(copy), SHOWN_FOLDER)
        said = re.search(r"exit code (\d+)", comment)
        assert code == (int(said[1]) if said else 0), (command, output, errors)
        if os.environ.get(WRITE):
            write_shown(page, command, shown, output)
            continue
        assert is_shown(shown, output), (command, shown, output)
    assert len(results) == len(due), errors
    assert "Warning" not in errors  # Dagster's own, say
    assert endpoint.requests == ASKS.get(page, 0)
    if page == "README.md":  # which ends with how to remove what was added
        assert contents(copy / "experiment") == contents(REPOSITORY / "sample")


@pytest.mark.parametrize("page", [page for page in pages() if commands(page)])
def test_a_page_says_what_its_commands_start_from(page: str) -> None:
    assert start(page)


def test_what_is_not_run_is_on_a_page() -> None:
    shown = {command for page in pages() for command, _, _ in commands(page)}
    assert set(NOT_HERE) <= shown


def test_the_worked_example_is_right() -> None:
    found = blocks("docs/rules.md", "python")
    assert found
    for block in found:
        exec(block, {})


# Links -------------------------------------------------------------------------------


def anchors(text: str) -> set[str]:
    """Return the names that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", CODE.sub("", text), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings
    }


def links(page: str) -> list[tuple[Path, str]]:
    """Return the file and the heading that each link of a page leads to."""
    found = [each.partition("#") for each in LINK.findall(CODE.sub("", read(page)))]
    folder = (REPOSITORY / page).parent
    return [
        ((folder / path).resolve() if path else REPOSITORY / page, anchor)
        for path, _, anchor in found
        if not path.startswith(("http://", "https://"))
    ]


@pytest.mark.parametrize("page", [*texts(), "CHANGELOG.md"])
def test_every_link_leads_to_a_heading_that_exists(page: str) -> None:
    for target, anchor in links(page):
        assert target.exists(), target
        assert not anchor or anchor in anchors(target.read_text()), (target, anchor)


def test_every_page_is_linked() -> None:
    there = {str(path.relative_to(REPOSITORY)) for path in REPOSITORY.glob("docs/*.md")}
    assert there - {"docs/README.md"} == set(pages()) - {"README.md"}
    front = {path for path, _ in links("README.md")}
    assert {REPOSITORY / page for page in pages()[1:]} <= front
    assert REPOSITORY / "docs/README.md" in front
    index = {path for path, _ in links("docs/README.md")}
    index |= {path for path, _ in links("docs/histories.md")}
    assert {REPOSITORY / page for page in texts()} - {
        REPOSITORY / "docs/README.md"
    } <= (index)


def test_the_readme_is_short() -> None:
    assert len(read("README.md").splitlines()) <= LONGEST_README


# Tables ------------------------------------------------------------------------------


@cache
def program() -> dict[str, set[str]]:
    """Return the options of each command of `docs-index`, by its name."""
    from docs_index.apps.cli.app import app

    found: dict[str, set[str]] = {}
    # typer has a click of its own, so what is a group is told by what it can do.
    waiting: list[tuple[str, Any]] = [("docs-index", typer.main.get_command(app))]
    while waiting:
        name, command = waiting.pop()
        if hasattr(command, "list_commands"):
            context = command.context_class(command)
            for each in command.list_commands(context):
                waiting.append((f"{name} {each}", command.get_command(context, each)))
        else:
            found[name] = {
                option
                for parameter in command.params
                if parameter.param_type_name == "option" and not parameter.hidden
                for option in parameter.opts
                if option.startswith("--")
            }
    return found


def test_every_command_and_option_is_on_the_page_of_commands() -> None:
    page = read("docs/commands.md")
    rows = re.findall(r"^\| `(docs-index [a-z ]+)` \| .* \|(.*)\|$", page, re.MULTILINE)
    assert sorted(name for name, _ in rows) == sorted(program())
    shared = page.partition("## Options that many commands have")[2].partition("\n## ")[
        0
    ]
    common = set(re.findall(r"^\| `(--[a-z-]+)`", shared, re.MULTILINE))
    filters = set(
        re.findall(r"--[a-z-]+", shared.partition("| filters |")[2].partition("\n")[0])
    )
    for name, own in rows:
        listed = set(re.findall(r"--[a-z-]+", own)) | (
            filters if "filters" in own else set()
        )
        options = program()[name]
        assert listed <= options, (name, listed - options)
        assert options <= listed | common, (name, options - listed - common)
    every = set().union(*program().values())
    assert common | filters <= every


@pytest.mark.parametrize("page", texts())
def test_every_command_that_is_named_exists(page: str) -> None:
    text = CODE.sub("", read(page))
    named = [command for command, _, _ in commands(page)]
    named += [
        " ".join(each.split()) for each in re.findall(r"`(docs-index [^`]*)`", text)
    ]
    for line in named:
        for words in re.findall(r"\bdocs-index ([a-z][^|&>]*)", line):
            first, *others = words.split()
            name = f"docs-index {first}"
            if first in GROUPS and others and others[0].isalpha():
                name = f"{name} {others[0]}"
            elif first in GROUPS:
                continue
            assert name in program(), line
            options = set(re.findall(r" (--[a-z-]+)", f" {words}"))
            assert options <= program()[name] | {"--help"}, line


def test_every_invariant_is_listed_with_its_test() -> None:
    page = read("docs/design.md")
    listed = re.findall(r"^\| .* \| `(assert_\w+)` \|$", page, re.MULTILINE)
    assert sorted(listed) == sorted(
        path.stem for path in (REPOSITORY / "tests/dbt").rglob("assert_*.sql")
    )


@pytest.mark.parametrize("page", TABLES)
def test_a_list_of_the_program_is_on_its_page(page: str) -> None:
    file, head = TABLES[page]
    with (REPOSITORY / file).open(newline="") as source:
        rows = [list(map(row.get, head)) for row in csv.DictReader(source)]
    lines = [f"| `{name}` | {' | '.join(map(str, rest))} |\n" for name, *rest in rows]
    listed = "".join(lines)
    text = read(page)
    above = f"| {' | '.join(head)} |\n|{' --- |' * len(head)}\n"
    before, _, after = text.partition(above)
    if os.environ.get(WRITE):
        after = after[after.index("\n\n") + 1 :]
        (REPOSITORY / page).write_text(f"{before}{above}{listed}{after}")
    else:
        assert after.startswith(f"{listed}\n")


def test_scripts_are_named_on_one_page() -> None:
    scripts = {path.name for path in (REPOSITORY / "scripts").glob("*.py")}
    for page in pages():
        named = scripts & set(re.findall(r"\w+\.py", read(page)))
        assert named == (scripts if page == "docs/start.md" else set()), page
