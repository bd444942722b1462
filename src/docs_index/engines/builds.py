"""The builds of engines in a data root: their folders, and which of them is complete.

A build is the folder `db/engine/build_{time}`, with a folder of Parquet files a table;
beside it is `build_{time}_sources`, what it was built from. A build without the table
`build_record`, which is written last, is a leftover. Readers take the newest complete
one.
"""

import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from docs_index.layout import Layout
from docs_index.paths import is_there
from docs_index.quoting import glob_escaped, literal

_PREFIX = "build_"
_SOURCES = "_sources"


@dataclass(frozen=True)
class EngineBuild:
    """One build: its name is that of its folder, and of the schema in the engine."""

    folder: Path

    @property
    def name(self) -> str:
        """The name of the schema."""
        return self.folder.name

    @property
    def sources(self) -> Path:
        """The folder of what was read before the build, a schema too."""
        return self.folder.with_name(f"{self.name}{_SOURCES}")

    def table(self, name: str) -> Path:
        """Return the folder of a table."""
        return self.folder / name

    def query(self, name: str) -> str | None:
        """Return a table as DuckDB reads it; None where it has no rows, and no file."""
        folder = self.table(name)
        if not any(name.endswith(".parquet") for name in _names_in(folder)):
            return None
        return f"read_parquet({literal(glob_escaped(folder) + '/*.parquet')})"

    @property
    def is_complete(self) -> bool:
        """Whether the record is there."""
        return self.query("build_record") is not None


def new_build(layout: Layout, name: str | None = None) -> EngineBuild:
    """Return a build of now, whose folders are not there yet.

    Another `name` is for tests: with the same schema, dbt need not parse again.
    """
    if name:
        return EngineBuild(layout.engine_builds / name)
    now = datetime.now(UTC).strftime("%Y%m%d_%H%M%S_%f")
    return EngineBuild(layout.engine_builds / f"{_PREFIX}{now}")


def last_complete(layout: Layout) -> EngineBuild | None:
    """Return the newest complete build."""
    found = [build for build in _builds(layout) if build.is_complete]
    return found[-1] if found else None


def remove_others(layout: Layout, kept: EngineBuild | None) -> None:
    """Remove all builds but one; the caller holds the lock of the data root."""
    for build in _builds(layout):
        if build != kept:
            shutil.rmtree(build.folder, ignore_errors=True)
            shutil.rmtree(build.sources, ignore_errors=True)


def _builds(layout: Layout) -> list[EngineBuild]:
    """Return the builds by time. Folders of one without a schema count too."""
    names = {
        name.removesuffix(_SOURCES)
        for name in _names_in(layout.engine_builds)
        if name.startswith(_PREFIX)
    }
    return [EngineBuild(layout.engine_builds / name) for name in sorted(names)]


def _names_in(folder: Path) -> list[str]:
    """Return what is in a folder, nothing if it is missing.

    Raises:
        OSError: the folder cannot be read.
    """
    return os.listdir(folder) if is_there(folder) else []
