"""Whatever ends a worker, or its call, ends in an error that can be told."""

import builtins
import pickle
from collections.abc import Callable

import duckdb
import pytest

from docs_index.errors import StorageError
from docs_index.workers import started_workers


def called(function: Callable[[str], object], task: str) -> object:
    with started_workers(2, "duckdb", None) as workers:
        return list(workers.map(function, [task]))


def test_an_error_of_a_database_is_handed_on() -> None:
    with pytest.raises(duckdb.CatalogException, match="nowhere"):
        called(duckdb.execute, "from nowhere")


@pytest.mark.parametrize("sent", [0, 5])
def test_a_worker_that_dies_while_it_answers_is_told(sent: int) -> None:
    answer = pickle.dumps((True, "an answer"))
    program = f"import os; os.write(1, {answer[:sent]!r}); os._exit(9)"
    with pytest.raises(StorageError, match="a worker process has died: run again"):
        called(builtins.exec, program)
