"""Where things stand under a data root; the only place that spells these paths."""

import os
from dataclasses import dataclass
from pathlib import Path

from docs_index.errors import DataRootError

STAGES = ("draft", "essay", "evaluation")  # parents before what hangs on them


@dataclass(frozen=True)
class Layout:
    """The paths of one data root; `root` is absolute with links resolved."""

    root: Path

    @property
    def docs(self) -> Path:
        """The documents: `{stage}/{logical_key_id}/{doc_id}/`."""
        return self.root / "docs"

    @property
    def unpublished(self) -> Path:
        """Directories being written; same file system as `docs`, gone after a run."""
        return self.docs / ".unpublished"

    @property
    def db(self) -> Path:
        """The folder of the index, of dbt's working database and of the lock."""
        return self.root / "db"

    @property
    def index(self) -> Path:
        """The SQLite index."""
        return self.db / "documents.sqlite"

    @property
    def build(self) -> Path:
        """Dbt's working DuckDB file; `profiles.yml` spells the same path."""
        return self.db / "build.duckdb"

    @property
    def build_spill(self) -> Path:
        """Where DuckDB puts what a build has no memory for; a killed one leaves it."""
        return self.build.with_name(f"{self.build.name}.tmp")

    @property
    def lock(self) -> Path:
        """The file whose lock a build or a run holds."""
        return self.db / ".lock"

    @property
    def bad_generations(self) -> Path:
        """The append-only list of rows that were not ingested."""
        return self.root / "7_cross_experiment" / "bad_generations.csv"

    def within(self, path: Path) -> str:
        """Return a path as it is named in messages: relative to the data root."""
        return str(path.relative_to(self.root))

    @property
    def reports(self) -> Path:
        """The folder of the two reports."""
        return self.root / "7_reporting"


def open_layout(data_root: str | os.PathLike[str] | None = None) -> Layout:
    """Return the layout of `data_root`, else of `DATA_ROOT`, else of `data`.

    Raises:
        DataRootError: it is no directory, or a folder that this program writes
            is a link that leads out of it.
    """
    named = Path(data_root or os.environ.get("DATA_ROOT") or "data")
    if not named.is_dir():
        raise DataRootError(
            f"data root {str(named)!r} is no directory: set DATA_ROOT (or pass "
            "--data-root) to the folder that holds 7_cross_experiment/"
        )
    layout = Layout(named.resolve())
    folders = [layout.docs, layout.db, layout.bad_generations.parent, layout.reports]
    folders += [layout.docs / stage for stage in STAGES]
    files = [layout.index, layout.build, layout.lock, layout.bad_generations]
    for path in folders + files:
        if not path.resolve().is_relative_to(layout.root):
            raise DataRootError(
                f"{path} is a link that leads out of the data root: nothing is "
                "written outside it; put the folder or file itself there"
            )
    for folder in folders:
        if folder.exists() and not folder.is_dir():
            raise DataRootError(f"{folder} is in the way: it must be a folder")
    return layout
