"""What DuckDB's build refuses, an engine's build refuses too."""

import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from engine_builds import Engines, build_in, needs_engines
from harness import REPOSITORY

from docs_index.engines.sessions import refuse_unusable
from docs_index.errors import EngineError

pytestmark = needs_engines


def bad_repair(root: Path) -> None:
    path = root / "7_cross_experiment/generation_repairs.csv"
    path.write_text("source_csv,row_index,task_id,action\ndraft,99999,x,ignore\n")


def unknown_parser(root: Path) -> None:
    path = root / "1_raw/draft_templates.csv"
    lines = path.read_text().splitlines()
    template = lines[1].split(",")[0]
    path.write_text(f"template_id,parser\n{template},no_such\n")


def ragged_table(root: Path) -> None:
    path = root / "7_cross_experiment/draft_generation_results.csv"
    path.write_text(path.read_text() + "one,too,few\n")


def bad_parser(root: Path) -> None:
    path = root / "1_raw/parsers.csv"
    path.write_text("parser,kind,pattern\nmine,regex,(a)(b)\n")


def test_a_server_that_does_not_answer_is_named_at_once() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # and does not listen
        address = f"sc://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(EngineError, match=f"no server answers at {address}") as it:
            refuse_unusable(f"{address}/;token=secret")
        assert "secret" not in str(it.value)
    with pytest.raises(EngineError, match="is not an address"):
        refuse_unusable("sc://localhost:port")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (bad_repair, "repairs that cannot be applied"),
        (unknown_parser, 'names parser \\"no_such\\"'),
        (ragged_table, "draft_generation_results.csv"),
        (bad_parser, "parsers that cannot be used"),
    ],
)
def test_a_fault_fails_the_build(
    engines: Engines, tmp_path: Path, spoil: Callable[[Path], None], words: str
) -> None:
    root = tmp_path / "root"
    shutil.copytree(REPOSITORY / "sample", root)
    spoil(root)
    outcome = engines.build("sail", root)
    assert outcome.code != 0
    assert words in outcome.said or words.replace("\\", "") in outcome.said
    assert not build_in(root).is_complete
    assert not (root / "db/build.duckdb").exists()
