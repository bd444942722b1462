"""The copy of the index that the pages show, and how it follows the index.

Owns the copies in a folder, and the texts that are searched. The index itself is only
read for a copy: it is not kept open, and never written.

A copy never changes, so that a page shows one state. It is replaced as follows. A
request looks at the index's files, at most once a second. If their size or time has
changed, a thread makes a new copy, and the request waits for it for a moment. A request
keeps the copy that it began with; a copy is removed when no request has it. Where the
index cannot be copied now, the old copy stays, and the pages say why and as of when
they are.

The alternatives were worse. Reading the index itself would hold its lock while a page
is made. Copying at each request would cost too much. A clock would copy when nobody
looks, and would show a new document later than the next request.

The texts are in a file of their own, `texts-N.sqlite`. A new copy adds the texts of new
documents to it, since documents never change. Only if the index is another one, such as
a rebuilt one, are all texts read again.
"""

import asyncio
import shutil
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from datasette.database import Database  # type: ignore[import-untyped]

from docs_index.apps.web.report import add_reasons
from docs_index.apps.web.search_words import as_query
from docs_index.errors import DocsIndexError, IndexFileError
from docs_index.index.snapshot import copy_index
from docs_index.index.texts import Texts, opened_texts
from docs_index.layout import Layout
from docs_index.paths import is_there
from docs_index.resources import sql

LOOK_S: Final = 1.0  # between two looks at the index
_WAIT_S: Final = 0.5  # that requests wait for a new copy
_REST: Final = 4  # times as long as a copy takes, until the next look
_SETTLED_S: Final = 2.0  # within it, a change may not show in a file's time
_ADD_TEXT: Final = "insert into documents_fts (rowid, task_id, text) values (?, ?, ?)"
_TAKE_IN: Final = "insert into taken_in (number, doc_id) values (?, ?)"

Signature = tuple[tuple[int, int, int] | None, ...]


@dataclass(eq=False)
class Copy:
    """The index as of one moment."""

    path: Path
    texts: Path
    signature: Signature | None  # of the index's files; None if it must be copied again
    descriptions: dict[str, dict[str, str]]  # of columns, by table
    made_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    requests: int = 0  # that show it now
    counts: dict[str, int | None] | None = None  # of rows, by table
    connections: dict[int, sqlite3.Connection] = field(default_factory=dict)

    def remove(self) -> None:
        """Close its connections, and remove its folder."""
        for connection in self.connections.values():
            connection.close()
        shutil.rmtree(self.path.parent, ignore_errors=True)


class FollowedIndex(Database):  # type: ignore[misc]
    """Datasette's database `documents`: the latest copy of the index of a data root.

    Raises:
        IndexFileError: the index is missing, or is not a database of this program.
    """

    def __init__(self, layout: Layout, folder: Path) -> None:
        super().__init__(None, path=str(layout.index), is_mutable=False)
        self.cached_hash = ""  # Datasette would read the index for it
        self.layout = layout
        self.trouble: str | None = (
            None  # why the latest copy is not of the latest state
        )
        self._folder = folder
        self._number = 0
        self._texts = folder / "texts-0.sqlite"
        self._retired: list[Copy] = []
        self._in_use: ContextVar[Copy | None] = ContextVar("copy", default=None)
        self._worker = ThreadPoolExecutor(1, "copying")
        self._copying: Future[None] | None = None
        self._look_at = time.monotonic() + LOOK_S
        self._wait_until = 0.0
        self.latest = self._made()
        self.cached_size = self.latest.path.stat().st_size

    @property
    def shown(self) -> Copy:
        """The copy of this request."""
        return self._in_use.get() or self.latest

    @property
    def is_copying(self) -> bool:
        """Whether a newer copy is being made."""
        return self._copying is not None and not self._copying.done()

    @asynccontextmanager
    async def in_use(self) -> AsyncIterator[None]:
        """Show one copy for a block, the latest that is to be had."""
        await self._follow()
        copy = self.latest
        copy.requests += 1
        token = self._in_use.set(copy)
        try:
            yield
        finally:
            self._in_use.reset(token)
            copy.requests -= 1
            self._remove_unused()

    async def execute_fn(self, work: Callable[[sqlite3.Connection], Any]) -> Any:
        """Call a function with a connection to this request's copy, in a thread."""
        copy = self.shown
        return await asyncio.get_running_loop().run_in_executor(
            self.ds.executor, lambda: work(self._connection(copy))
        )

    @property
    def _cached_table_counts(self) -> dict[str, int | None] | None:
        """What Datasette has counted, of the copy."""
        return self.shown.counts

    @_cached_table_counts.setter
    def _cached_table_counts(self, counts: dict[str, int | None] | None) -> None:
        if counts is not None:
            self.shown.counts = counts

    def _connection(self, copy: Copy) -> sqlite3.Connection:
        thread = threading.get_ident()
        if thread not in copy.connections:
            connection = sqlite3.connect(
                f"{copy.path.as_uri()}?immutable=1", uri=True, check_same_thread=False
            )
            connection.execute("attach ? as texts", [f"{copy.texts.as_uri()}?mode=ro"])
            connection.executescript(sql("index/views.sql"))
            self.ds._prepare_connection(connection, self.name)
            connection.create_function("escape_fts", 1, as_query, deterministic=True)
            copy.connections[thread] = connection
        return copy.connections[thread]

    async def _follow(self) -> None:
        """Have a new copy made if the index has changed, and wait a moment for it."""
        if not self.is_copying and time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + LOOK_S
            if _signature(self.layout) != self.latest.signature:
                self._copying = self._worker.submit(self._copy_again)
                self._wait_until = time.monotonic() + _WAIT_S
        patience = self._wait_until - time.monotonic()
        if self._copying is not None and self.is_copying and patience > 0:
            waited_for = asyncio.wrap_future(self._copying)
            await asyncio.wait([waited_for], timeout=patience)

    def _copy_again(self) -> None:
        begun = time.monotonic()
        try:
            copy = self._made()
        except (DocsIndexError, sqlite3.Error, OSError) as error:
            self.trouble = str(error)
        else:
            old, self.latest, self.trouble = self.latest, copy, None
            self._retired.append(old)
        finally:
            ended = time.monotonic()
            self._look_at = ended + max(LOOK_S, _REST * (ended - begun))

    def _remove_unused(self) -> None:
        unused = [copy for copy in self._retired if not copy.requests]
        for copy in unused:
            self._retired.remove(copy)
            copy.remove()

    def _made(self) -> Copy:
        """Return a new copy.

        Raises:
            IndexFileError: the index is missing, or is not a database of this program.
        """
        self._number += 1
        folder = self._folder / str(self._number)
        folder.mkdir()
        try:
            signature = _settled(_signature(self.layout))
            path = copy_index(self.layout, folder)
            with closing(sqlite3.connect(path)) as index:
                add_reasons(index)
                descriptions = _descriptions(index)
                index.commit()
            self._take_in_texts(path)
        except BaseException as error:
            shutil.rmtree(folder, ignore_errors=True)
            if isinstance(error, sqlite3.DatabaseError):
                raise IndexFileError(
                    f"{self.layout.index}: {error}; `docs-index verify` says more"
                ) from error
            raise
        return Copy(path, self._texts, signature, descriptions)

    def _take_in_texts(self, copy: Path) -> None:
        """Add the texts of new documents to what is searched."""
        if is_there(self._texts) and self._is_of_another_index(copy):
            self._texts = self._folder / f"texts-{self._number}.sqlite"
        with (
            closing(sqlite3.connect(copy)) as index,
            closing(self._open_texts(copy)) as texts,
        ):
            new = texts.execute(sql("apps/web/browse_new_texts.sql")).fetchall()
            with texts:
                files = opened_texts(self.layout, index)
                texts.executemany(_ADD_TEXT, _texts_of(new, files))
                taken_in = ((number, doc_id) for number, doc_id, _, _ in new)
                texts.executemany(_TAKE_IN, taken_in)

    def _is_of_another_index(self, copy: Path) -> bool:
        with closing(self._open_texts(copy)) as texts:
            found = texts.execute(sql("apps/web/browse_other_texts.sql")).fetchone()
        return bool(found[0])

    def _open_texts(self, copy: Path) -> sqlite3.Connection:
        texts = sqlite3.connect(self._texts, uri=True)
        texts.execute("pragma journal_mode = wal")  # pages read meanwhile
        texts.executescript(sql("apps/web/browse_texts.sql"))
        texts.execute("attach ? as stored", [f"{copy.as_uri()}?mode=ro"])
        return texts


def _texts_of(
    rows: list[tuple[int, str, str, str]], files: Texts
) -> Iterator[tuple[int, str, str]]:
    """Yield what is searched: of each document the parsed text, else the raw."""
    left = {doc_dir: (number, task_id) for number, _, task_id, doc_dir in rows}
    for doc_dir, found in files.find_all(list(left), ("parsed.txt", "raw.txt")):
        text = found.get("parsed.txt", found.get("raw.txt", b""))
        yield *left.pop(doc_dir), text.decode(errors="replace")
    for number, task_id in left.values():
        yield number, task_id, ""


def _signature(layout: Layout) -> Signature:
    """Return a value that changes when the index, its rows or its log files do."""
    index = [Path(f"{layout.index}{suffix}") for suffix in ("", "-wal", "-journal")]
    found: list[tuple[int, int, int] | None] = []
    for path in (*index, layout.manifest):
        try:
            status = path.stat()
        except OSError:
            found.append(None)
        else:
            found.append((status.st_ino, status.st_mtime_ns, status.st_size))
    return tuple(found)


def _settled(signature: Signature) -> Signature | None:
    """Return the signature, None if a second change in its moment would not show."""
    now = time.time()
    changed_at = [each[1] / 1e9 for each in signature if each is not None]
    return None if any(abs(now - at) < _SETTLED_S for at in changed_at) else signature


def _descriptions(index: sqlite3.Connection) -> dict[str, dict[str, str]]:
    columns: dict[str, dict[str, str]] = {}
    for table, column, description in index.execute(
        "select table_name, column_name, description from column_descriptions "
        "order by table_name, position"
    ):
        columns.setdefault(table, {})[column] = description
    return columns
