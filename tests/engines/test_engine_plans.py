"""No step of a build compares all rows with all, or brings them to one process."""

import json
import re
import shutil
from pathlib import Path

import pytest
from engine_builds import Engines, needs_engines
from harness import REPOSITORY

pytestmark = needs_engines
PAIRS = re.compile(r"CartesianProduct|BroadcastNestedLoop|CrossJoin|NestedLoopJoin")
OVER_ALL = re.compile(r"over\s*\(\s*(?:order by|\))", re.IGNORECASE)


@pytest.fixture(scope="module")
def target(engines: Engines, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("planned") / "root"
    shutil.copytree(REPOSITORY / "sample", root)
    shutil.rmtree(engines.folder / "target/compiled", ignore_errors=True)
    outcome = engines.build("sail", root, module="explaining")
    assert outcome.code == 0, outcome.said[-5000:]
    made: Path = engines.folder / "target"
    return made


def test_no_join_is_of_all_pairs(target: Path) -> None:
    plans = json.loads((target / "plans.json").read_text())
    assert len(plans) > 30
    found = {name: plan for name, plan in plans.items() if PAIRS.search(plan)}
    assert found == {}


def test_no_window_is_over_all_rows(target: Path) -> None:
    models = list((target / "compiled/docs_index/models").rglob("*.sql"))
    assert len(models) > 30
    assert [path.stem for path in models if OVER_ALL.search(path.read_text())] == []
