"""Have an engine's workers write shards, for a run that holds the data root's lock.

Starts the process of the session (`pack_process`) when there is something to write. It
inherits the lock: no run begins before it has noticed that this one is gone. Workers
can outlive it, on other machines too. They write below a folder of this run alone,
which the next run removes first, so that nothing of theirs is published after that.
"""

import json
import subprocess
import sys
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb

from docs_index.disk.lock import take_lock
from docs_index.disk.publish import make_folder
from docs_index.engines.builds import EngineBuild
from docs_index.engines.sessions import shown
from docs_index.engines.staging import write_assigned
from docs_index.errors import BuildError, StorageError
from docs_index.ingest.document_files import DocumentFiles
from docs_index.ingest.shard_tasks import ShardTask, Written
from docs_index.layout import Layout
from docs_index.packs.leftovers import remove_at_once
from docs_index.packs.manifest import Shard, shard_named
from docs_index.packs.writing import SHARD_BYTES
from docs_index.warehouse.dbt_run import dbt_folder

_MODULE = "docs_index.engines.pack_process"
_AGAIN = "run again to complete"


class EnginePacking:
    """The workers of an engine as writers of shards, for one run.

    They write if the new files fill a shard, or `always`. `said` tells afterwards who
    wrote the shards, empty if there were none to write.
    """

    def __init__(self, layout: Layout, engine: str, *, always: bool = False) -> None:
        self.said = ""
        self._layout = layout
        self._engine = engine
        self._least_bytes = 0 if always else SHARD_BYTES
        self._build: EngineBuild | None = None
        self._process: subprocess.Popen[str] | None = None
        self._log = dbt_folder(layout, "engine") / "logs" / "packing.log"

    def takes(self, db: duckdb.DuckDBPyConnection, file_bytes: int) -> bool:
        """Decide for a run whether the workers write so many bytes of new files.

        Raises:
            BuildError: the engine's build of `build.duckdb` is not there any more.
        """
        if not file_bytes:
            return False
        if file_bytes < self._least_bytes:
            self.said = "shards written by this process: less than 256 MB are new"
            return False
        [(name,)] = db.execute("select name from build.main.engine_build").fetchall()
        self._build = EngineBuild(self._layout.engine_builds / name)
        if not self._build.is_complete:
            raise BuildError(f"the build {self._build.folder} is gone: run again")
        self.said = f"shards written by the workers of {shown(self._engine)}"
        return True

    def written(
        self, files: DocumentFiles, tasks: Iterable[ShardTask]
    ) -> list[Written]:
        """Write shards, and return what became of each; all are on the disk then.

        Raises:
            StorageError: writing failed; what was written is not named anywhere.
        """
        folder = self._layout.unpublished / uuid.uuid4().hex
        (folder / "shards").mkdir(parents=True)
        counts = write_assigned(folder / "shards", self._with_folders(tasks))
        if not counts:
            return []
        question = {"folder": str(folder), "shards": len(counts)}
        found = self._asked(files, question)
        remove_at_once(folder)  # a task that was called twice may still run
        return [
            self._checked(count, found.get(number, []))
            for number, count in enumerate(counts)
        ]

    def _with_folders(self, tasks: Iterable[ShardTask]) -> Iterator[Sequence[int]]:
        """Yield the write orders of each shard; workers make no folders."""
        for task in tasks:
            make_folder(self._layout.packs / task.stage)
            yield task.write_orders

    def close(self) -> None:
        """End the process of the session."""
        if self._process is None:
            return
        assert self._process.stdin is not None and self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def _asked(
        self, files: DocumentFiles, question: Mapping[str, Any]
    ) -> dict[int, list[dict[str, Any]]]:
        """Have shards written; return the rows of each, by its number."""
        process = self._process or self._started(files)
        assert process.stdin is not None and process.stdout is not None
        try:
            print(json.dumps(question), file=process.stdin, flush=True)
            answer = json.loads(process.stdout.readline())
        except (OSError, ValueError) as error:
            fault = "its process has died"
            raise StorageError(self._failed(fault)) from error
        if "error" in answer:
            raise StorageError(self._failed(answer["error"]))
        found: dict[int, list[dict[str, Any]]] = {}
        for row in answer["rows"]:
            found.setdefault(row["shard"], []).append(row)
        return found

    def _failed(self, fault: str) -> str:
        return (
            f"the workers of {shown(self._engine)} could not write all shards: "
            f"{fault}; {_AGAIN}; log: {self._log}"
        )

    def _started(self, files: DocumentFiles) -> subprocess.Popen[str]:
        assert self._build is not None
        asked = {
            "data_root": str(self._layout.root),
            "engine": self._engine,
            "documents": str(self._build.table("document_files")),
            "files": asdict(files),
        }
        with self._log.open("w", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", _MODULE],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
                pass_fds=[take_lock(self._layout.lock)],
                start_new_session=True,  # Ctrl-C is for this process
            )
        assert self._process.stdin is not None
        print(json.dumps(asked), file=self._process.stdin, flush=True)
        return self._process

    def _checked(self, count: int, rows: list[dict[str, Any]]) -> Written:
        """Return what became of a shard of so many documents, if that is plausible.

        Raises:
            StorageError: an engine has lost or repeated documents, or its workers
                have another data root under the same path.
        """
        lines = [row for row in rows if row["write_order"] is None]
        failed = [
            (row["write_order"], row["outcome"], row["detail"])
            for row in rows
            if row["write_order"] is not None
        ]
        if len(lines) != 1 or lines[0]["documents"] + len(failed) != count:
            raise StorageError(self._failed("documents are missing, or there twice"))
        if lines[0]["file"] is None:
            return Written(None, 0, failed)
        names = ("file", "documents", "bytes", "sha256")
        shard = shard_named(*(lines[0][name] for name in names))
        if shard is None or not self._is_here(shard):
            raise StorageError(
                self._failed(
                    f"{self._layout.packs / lines[0]['file']} is not on this machine; "
                    "all machines need the same data root under the same path"
                )
            )
        return Written(shard, shard.documents, failed)

    def _is_here(self, shard: Shard) -> bool:
        path: Path = self._layout.packs / shard.file
        try:
            return path.stat().st_size == shard.bytes
        except FileNotFoundError:
            return False
