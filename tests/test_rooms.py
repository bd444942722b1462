"""The rooms of the package as they run; import-linter reads the same rules statically.

A module is imported in a fresh process, and what came with it is looked at: an import
inside a function, or by name, shows here and not to a linter.
"""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parent.parent / "src"
PACKAGE = SOURCE / "docs_index"
MODULES = sorted(PACKAGE.rglob("*.py"))
ROOMS = sorted(
    path.parent.relative_to(PACKAGE).as_posix()
    for path in PACKAGE.rglob("__init__.py")
    if path.parent.name not in ("docs_index", "commands")
)
DOORS = ("documents", "identity", "new_document", "writer")
TERMINAL = {"click", "rich", "typer"}
HEAVY = {"dagster", "datasette", "dbt", "dbt_common", "duckdb", "jinja2", "openai"}
READING = (
    "cat", "export", "gaps", "lineage", "ls", "sample", "search", "show", "stats",
    "status", "why",
)  # fmt: skip
IMPORTED = """
import importlib, json, sys
before = set(sys.modules)
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps(sorted({name.split(".")[0] for name in set(sys.modules) - before})))
"""


def named(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_with(*names: str) -> set[str]:
    """Return the top-level packages that a fresh process has after these imports."""
    process = subprocess.run(
        [sys.executable, "-c", IMPORTED, *names],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    return set(json.loads(process.stdout))


def modules_of(room: str) -> list[str]:
    return [named(path) for path in MODULES if (PACKAGE / room) in path.parents]


@pytest.mark.parametrize("room", ["disk", "index"])
def test_a_room_needs_the_standard_library_alone(room: str) -> None:
    assert len(modules_of(room)) > 5
    foreign = imported_with(*modules_of(room)) - set(sys.stdlib_module_names)
    assert foreign == {"docs_index"}


def test_programs_need_the_standard_library_alone() -> None:
    foreign = imported_with(*(f"docs_index.{door}" for door in DOORS))
    assert foreign - set(sys.stdlib_module_names) == {"docs_index"}


@pytest.mark.parametrize("command", READING)
def test_looking_things_up_imports_nothing_heavy(command: str) -> None:
    names = ("docs_index.apps.cli.app", f"docs_index.apps.cli.commands.{command}")
    assert not imported_with(*names) & (HEAVY | {"rich"})


@pytest.mark.parametrize("room", ["audit", "cohorts", "ingest", "warehouse"])
def test_a_room_knows_no_terminal(room: str) -> None:
    # The plugin is what dbt loads, and dbt has a terminal.
    names = [name for name in modules_of(room) if not name.endswith(".plugin")]
    assert not imported_with(*names) & (TERMINAL | {"dagster", "dbt", "openai"})


def test_every_module_says_what_it_is() -> None:
    texts = {named(path): path.read_text("utf-8") for path in MODULES}
    silent = [name for name in texts if not ast.get_docstring(ast.parse(texts[name]))]
    assert silent == []


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_says_what_it_owns_may_touch_and_never_does(room: str) -> None:
    text = (PACKAGE / room / "__init__.py").read_text("utf-8")
    paragraphs = (ast.get_docstring(ast.parse(text)) or "").split("\n\n")
    begun = [paragraph.split()[0] for paragraph in paragraphs[1:]]
    assert begun == ["Owns", "May", "Never"]


def test_contributing_says_what_goes_into_every_room() -> None:
    text = (SOURCE.parent / "CONTRIBUTING.md").read_text("utf-8")
    assert [room for room in ROOMS if f"| `{room}/` |" not in text] == []
