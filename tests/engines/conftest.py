"""What the tests of engines share. They run in .venv-engines: `make test-engines`."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from engine_builds import Engines
from harness import Models, compiled_models


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Models]:
    """The project's models on DuckDB, compiled once."""
    with compiled_models(tmp_path_factory) as compiled:
        yield compiled


@pytest.fixture(scope="session")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Engines:
    """Builds on engines, whose project dbt parses once."""
    return Engines(Path(tmp_path_factory.mktemp("engines")))
