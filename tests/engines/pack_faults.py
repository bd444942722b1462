"""The process that has shards written, with workers that fail as PACK_FAULTS says.

A worker notes each try of a shard as a file in `tries`, beside the data root. The
double of the placer goes to the workers as the real one does.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from docs_index.engines import pack_process, sessions
from docs_index.ingest.document_files import DocumentFiles, Planned
from docs_index.ingest.pack_placer import PackPlacer
from docs_index.ingest.shard_tasks import Written

_WAIT_S = 0.02


@dataclass(frozen=True)
class Failing(PackPlacer):
    """A placer that fails in the first try of a shard with `essay` documents."""

    fault: str = ""

    def pack_planned(self, stage: str, planned: Iterable[list[Planned]]) -> Written:
        documents = list(chain.from_iterable(planned))
        tries = Path(self.files.data_root).parent / "tries"
        tries.mkdir(exist_ok=True)
        first = documents[0].doc_id
        number = sum(name.startswith(f"{first}.") for name in os.listdir(tries)) + 1
        (tries / f"{first}.{number}").touch()
        if stage == "essay" and number == 1:
            return FAULTS[self.fault](self, stage, documents)
        return super().pack_planned(stage, [documents])


def killed_in_the_middle(
    placer: PackPlacer, stage: str, documents: list[Planned]
) -> Written:
    """Leave half a shard, under the name that it has until it is whole."""
    half = Path(placer.unpublished) / f"{documents[0].doc_id}.parquet"
    half.write_bytes(b"PAR1 and a half")
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def killed_at_the_end(
    placer: PackPlacer, stage: str, documents: list[Planned]
) -> Written:
    PackPlacer.pack_planned(placer, stage, [documents])
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def tried_twice(placer: PackPlacer, stage: str, documents: list[Planned]) -> Written:
    """Write a shard in two threads at a time, as two tries on two machines do."""
    with ThreadPoolExecutor() as threads:
        tries = [
            threads.submit(PackPlacer.pack_planned, placer, stage, [documents])
            for _ in range(2)
        ]
    return tries[1].result()


def hanging(placer: PackPlacer, stage: str, documents: list[Planned]) -> Written:
    (Path(placer.files.data_root).parent / "hanging").touch()
    while True:
        time.sleep(_WAIT_S)


def on_a_full_disk(placer: PackPlacer, stage: str, documents: list[Planned]) -> Written:
    raise OSError(28, os.strerror(28), "/a/shard")


FAULTS: dict[str, Callable[[PackPlacer, str, list[Planned]], Written]] = {
    each.__name__: each
    for each in (
        killed_in_the_middle,
        killed_at_the_end,
        tried_twice,
        hanging,
        on_a_full_disk,
    )
}


def failing(files: DocumentFiles, unpublished: str, *, dry_run: bool) -> PackPlacer:
    return Failing(files, unpublished, dry_run, os.environ["PACK_FAULTS"])


def retrying_session(engine: str, warehouse: Path) -> Any:
    """Open a session that tries a task again; one on this machine would not."""
    if engine == "local":
        from pyspark.sql import SparkSession

        os.environ["PYSPARK_PYTHON"] = sys.executable
        builder = SparkSession.builder.master("local[2, 3]")
        builder.config("spark.ui.enabled", "false").getOrCreate()
    return sessions.opened_session(engine, warehouse)


def losing(placer: PackPlacer, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return rows[1:]


def on_another_machine(
    placer: PackPlacer, rows: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    packs = Path(placer.files.data_root) / "docs/packs"
    (packs / rows[0]["file"]).unlink()
    return rows


ANSWERS = {each.__name__: each for each in (losing, on_another_machine)}


def answered_badly(
    session: Any, placer: PackPlacer, *given: Any
) -> list[dict[str, Any]]:
    rows = sessions.packed_shards(session, placer, *given)
    return ANSWERS[os.environ["PACK_FAULTS"]](placer, rows)


if __name__ == "__main__":
    doubles: dict[str, Any] = {"opened_session": retrying_session}
    if os.environ["PACK_FAULTS"] in ANSWERS:
        doubles["packed_shards"] = answered_badly
    else:
        doubles["PackPlacer"] = failing
    for name, double in doubles.items():
        setattr(pack_process, name, double)
    pack_process.serve()
