"""Where things are under a data root: Python spells these paths nowhere else."""

import errno
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from docs_index.data_roots import (
    HISTORIES,
    TABLES,
    choose_root,
    has_input,
    is_data_root,
    meant_by,
    root_around,
)
from docs_index.errors import DataRootError
from docs_index.paths import (
    Name,
    is_folder,
    is_link,
    is_of_a_path,
    is_there,
    naming,
    real_path,
)
from docs_index.vocabulary import STAGES

RESPONSES = "3_generation"  # the dbt var evaluation_root may move the evaluations
REPORTS = ("latest", "consistency")
UNPUBLISHED = ".unpublished"
LayoutKind = Literal["directories", "packed"]
KINDS: tuple[LayoutKind, ...] = ("directories", "packed")
IndexFormat = Literal["sqlite", "parquet"]
FORMATS: dict[IndexFormat, str] = {"sqlite": "SQLite", "parquet": "Parquet"}
"""The names of the index formats, in words."""
PACKS = "packs"
SCRATCH = "DOCS_INDEX_SCRATCH"
_STAGE = re.compile("[a-z][a-z0-9_]*")
_KEY = re.compile("[0-9a-z]{16}")
_LITTER = (".ds_store", "thumbs.db", "desktop.ini")


@dataclass(frozen=True)
class Layout:
    """The paths of one data root; `root` is absolute with links resolved.

    `scratch` is the folder of a build that is only looked at, see `for_looking`.
    """

    root: Path
    scratch: Path | None = None

    @property
    def docs(self) -> Path:
        """The documents: `{stage}/{logical_key_id}/{doc_id}/`."""
        return self.root / "docs"

    @property
    def unpublished(self) -> Path:
        """The temporary paths of directories; a run removes the folder at its end."""
        return self.docs / UNPUBLISHED

    @property
    def packs(self) -> Path:
        """The shards of packed documents, and their manifest."""
        return self.docs / PACKS

    @property
    def manifest(self) -> Path:
        """The list of the shards."""
        return self.packs / "manifest.jsonl"

    @property
    def damaged(self) -> Path:
        """Where restore moves what was damaged; not in docs/, as readers list that."""
        return self.root / "docs_damaged"

    @property
    def db(self) -> Path:
        """The folder of the index, of dbt's working database and of the lock."""
        return self.root / "db"

    @property
    def index(self) -> Path:
        """The SQLite index."""
        return self.db / "documents.sqlite"

    @property
    def search(self) -> Path:
        """The search index; made from the documents, may be deleted."""
        return self.db / "documents.search.sqlite"

    @property
    def reindexed(self) -> Path:
        """Where reindex writes, unless the user names another path."""
        return self.db / "documents.reindexed.sqlite"

    @property
    def build(self) -> Path:
        """The build, dbt's DuckDB file; `profiles.yml` has the same path."""
        return (self.scratch or self.db) / "build.duckdb"

    def for_looking(self) -> "Layout":
        """Return the layout with the build in DOCS_INDEX_SCRATCH, if that is set.

        Raises:
            DataRootError: it is the folder of the index, where a build needs the lock.
        """
        named = os.environ.get(SCRATCH)
        if self.scratch or not named:
            return self
        scratch = Path(real_path(named))
        if scratch.is_relative_to(self.db):
            raise DataRootError(
                f"{SCRATCH} is {named!r}, a folder of the data root: nothing is to be "
                "written there; name a folder outside of it"
            )
        return replace(self, scratch=scratch)

    @property
    def build_spill(self) -> Path:
        """Where DuckDB spills a build that exceeds memory; a killed build leaves it."""
        return self.build.with_name(f"{self.build.name}.tmp")

    @property
    def engine_builds(self) -> Path:
        """The builds of engines such as Spark: a folder of Parquet files each."""
        return self.db / "engine"

    @property
    def lock(self) -> Path:
        """The file whose lock a build or a run holds."""
        return self.db / ".lock"

    @property
    def histories(self) -> Path:
        """The file that names other tools' files."""
        return self.root / HISTORIES

    @property
    def responses(self) -> Path:
        """The response files that the tables name; programs may add to them."""
        return self.root / RESPONSES

    @property
    def bad_generations(self) -> Path:
        """The append-only list of rejected rows."""
        return self.root / "7_cross_experiment" / "bad_generations.csv"

    @property
    def suggestions(self) -> Path:
        """The suggestions for rejected rows; docs-index repairs writes it."""
        return self.root / "7_cross_experiment" / "repair_suggestions.csv"

    def within(self, path: Path) -> str:
        """Return a path relative to the data root, as messages show it."""
        return str(path.relative_to(self.root))

    @property
    def reports(self) -> Path:
        """The folder of the two reports, and of the page."""
        return self.root / "7_reporting"

    @property
    def generations(self) -> Path:
        """The generation store: `{stage}/{gen_id}/`."""
        return self.root / "gens"

    def generation(self, stage: str, gen_id: str) -> Path:
        """The directory of one generation."""
        return self.generations / stage / gen_id

    @property
    def unpublished_generations(self) -> Path:
        """Temporary paths of new generations, on the same file system."""
        return self.generations / "evaluation" / ".unpublished"

    @property
    def cohorts(self) -> Path:
        """The folders of the cohorts."""
        return self.root / "cohorts"

    def cohort(self, cohort_id: str) -> Path:
        """The folder of one cohort, with its lock."""
        return self.cohorts / cohort_id

    def cohort_lock(self, cohort_id: str) -> Path:
        """The file whose lock a run of a cohort holds."""
        return self.cohort(cohort_id) / ".lock"

    def membership(self, cohort_id: str) -> Path:
        """The list of the generations that a cohort works on."""
        return self.cohort(cohort_id) / "membership.csv"

    def batches(self, cohort_id: str) -> Path:
        """Return the folder with a cohort's batches, a numbered folder each."""
        return self.cohort(cohort_id) / "batches"

    @property
    def selected_essays(self) -> Path:
        """The selection file: the essays of the next cohort, and its directives."""
        return self.root / "2_tasks" / "selected_essays.txt"

    @property
    def evaluation_templates(self) -> Path:
        """The table of evaluation templates and their parsers."""
        return self.root / "1_raw" / "evaluation_templates.csv"

    @property
    def own_parsers(self) -> Path:
        """The table of parsers beside the built-in ones."""
        return self.root / "1_raw" / "parsers.csv"

    @property
    def models(self) -> Path:
        """The table of language models."""
        return self.root / "1_raw" / "llm_models.csv"

    @property
    def replication(self) -> Path:
        """The table of how many evaluations of each kind there are to be."""
        return self.root / "1_raw" / "replication_config.csv"

    def template(self, template_id: str) -> Path:
        """The text of an evaluation template."""
        folder = self.root / "1_raw" / "templates" / "evaluation"
        return folder / f"{template_id}.txt"

    @property
    def scores(self) -> Path:
        """The scores of all experiments, from which essays are chosen."""
        return self.root / "7_cross_experiment" / "aggregated_scores.csv"

    @property
    def parsed_scores(self) -> Path:
        """The scores of evaluations, for `docs-index stats`."""
        return self.root / "7_cross_experiment" / "parsed_scores.csv"

    def report(self, name: str) -> Path:
        """The report `latest` or `consistency`."""
        return self.reports / f"documents_{name}_report.csv"

    @property
    def page(self) -> Path:
        """The HTML report; docs-index report writes it."""
        return self.reports / "documents_report.html"

    def stages_on_disk(self) -> list[str]:
        """Return the names of the folders in `docs/` that hold documents of a stage."""
        names = [folder.name for folder in _folders(self.docs)]
        return [name for name in names if is_stage_folder(self.docs, name)]

    def documents_on_disk(self) -> Iterator[str]:
        """Yield `{stage}/{logical_key_id}/{doc_id}` of every document's directory."""
        for stage in self.stages_on_disk():
            for key in _folders(self.docs / stage):
                for folder in _folders(key):
                    if is_there(folder / "metadata.json"):
                        yield str(folder.relative_to(self.docs))

    def refuse_link_out(self, path: Path) -> None:
        """Check that a path, with links followed, stays in the data root.

        Raises:
            DataRootError: it leads out, or has more links than the system follows.
        """
        try:
            os.stat(path)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise DataRootError(f"the links of {path} {_IN_CIRCLES}") from error
            if not is_of_a_path(error):
                raise
        if not Path(real_path(path)).is_relative_to(self.root):
            raise DataRootError(f"{path} {_LEADS_OUT}")


def is_stage_folder(docs: Name, name: str) -> bool:
    """Tell whether a folder in `docs/` is one of a stage: histories name their own.

    Such a folder holds the folders of logical keys, and is none without any.
    """
    if name in STAGES:
        return True
    if not _STAGE.fullmatch(name) or name == PACKS:
        return False
    path = f"{docs}/{name}"
    if is_link(path):
        return False
    try:
        with naming(path), os.scandir(path) as entries:
            return any(_KEY.fullmatch(each.name) for each in entries)
    except OSError as error:
        if is_of_a_path(error) or isinstance(error, PermissionError):
            return False
        raise


def is_litter(name: str) -> bool:
    """Tell whether an operating system left a file or folder of this name.

    macOS, Windows and network disks do that wherever somebody looks at a folder. Every
    listing of `docs/` and of the generation store leaves such names out.
    """
    return name.casefold() in _LITTER or name.startswith("._")


_SET_IT = (
    "set DATA_ROOT (or pass --data-root) to the folder that holds 7_cross_experiment/, "
    "gens/ or histories.yml"
)
_BEGIN_IT = (
    "; for logs of other tools, go to the folder that holds them, and run docs-index "
    "history init FILE --data-root . --write"
)
_IN_CIRCLES = "are too many, or lead in a circle: put the folder or file itself there"
_LEADS_OUT = (
    "is a link that leads out of the data root: nothing outside it is read or "
    "written; put the folder or file itself there"
)
_IS_A_LINK = "is a link, and would be written through: put the file itself there"
_IS_NOT_FOLLOWED = "is a link, and not followed: put the folder itself there"


def open_layout(data_root: str | os.PathLike[str] | None = None) -> Layout:
    """Return the layout of the data root that `choose_root` chooses.

    Raises:
        DataRootError: it is not a directory, or a folder in a data root. Or a path that
            this program writes leads out of it, is a link where a file or a stage's
            folder must be, or is a file where a folder must be.
    """
    named, source = choose_root(data_root)
    if not is_folder(named):
        kind = "a file, not a folder" if is_there(named) else "not a folder"
        what, begin = f"data root {str(named)!r} is {kind}", ""
        if source == "nothing":
            what = "DATA_ROOT is not set, and no data root is here or in a folder above"
            begin = _BEGIN_IT
        raise DataRootError(f"{what}: {_SET_IT}{_meant(named) or begin}")
    layout = Layout(Path(real_path(named)))
    if around := root_around(layout.root):
        raise DataRootError(
            f"data root {str(named)!r} is a folder in a data root: did you mean "
            f"{str(around)!r}? Nothing was written"
        )
    folders = [
        layout.docs,
        layout.damaged,
        layout.db,
        layout.bad_generations.parent,
        layout.reports,
    ]
    folders += [layout.docs / stage for stage in STAGES]
    files = [layout.bad_generations, layout.suggestions, layout.page]
    files += map(layout.report, REPORTS)
    _check_written(layout, folders, files)
    for path in [layout.unpublished, layout.packs, *_opened_in_place(layout)]:
        if is_link(path):
            raise DataRootError(f"{path} {_IS_A_LINK}")
    for folder in (layout.docs, layout.packs):
        for stage in STAGES:
            if is_link(folder / stage):
                raise DataRootError(f"{folder / stage} {_IS_NOT_FOLLOWED}")
    return layout


def open_filled_layout(data_root: str | os.PathLike[str] | None = None) -> Layout:
    """Return the same layout, of a folder that has something of a data root already.

    Raises:
        DataRootError: as `open_layout`, or the folder has nothing of a data root.
    """
    layout = open_layout(data_root)
    if not is_data_root(layout.root):
        raise DataRootError(
            f"data root {str(layout.root)!r} has nothing that a data root has: "
            f"{_SET_IT}{_meant(layout.root) or _BEGIN_IT}"
        )
    return layout


def refuse_without_input(layout: Layout) -> None:
    """Check that there is something to build from.

    Raises:
        DataRootError: there are no results tables, no generations of cohorts, and no
            histories of other tools.
    """
    if not has_input(layout.root):
        raise DataRootError(
            f"data root {str(layout.root)!r} has none of the results tables "
            f"({', '.join(TABLES)}), and no {HISTORIES}: nothing was written; {_SET_IT}"
            f"{_meant(layout.root)}"
        )


def _meant(named: Path) -> str:
    meant = meant_by(named)
    is_other = meant and meant != Path(real_path(named))
    return f"; did you mean {str(meant)!r}?" if is_other else ""


def open_cohort_layout(data_root: str | os.PathLike[str] | None = None) -> Layout:
    """Return the same layout, with the paths that cohorts write checked too.

    Raises:
        DataRootError: as `open_filled_layout`.
    """
    layout = open_filled_layout(data_root)
    evaluations = layout.generations / "evaluation"
    folders = [layout.generations, evaluations, layout.cohorts]
    folders.append(layout.selected_essays.parent)
    _check_written(layout, folders, [layout.selected_essays])
    for cohort in layout.cohorts.iterdir() if is_folder(layout.cohorts) else ():
        layout.refuse_link_out(cohort)
    return layout


def _check_written(
    layout: Layout, folders: Sequence[Path], files: Sequence[Path]
) -> None:
    for path in (*folders, *files):
        layout.refuse_link_out(path)
    for folder in folders:
        if is_there(folder) and not is_folder(folder):
            raise DataRootError(f"{folder} is in the way: it must be a folder")


def _folders(path: Path) -> list[Path]:
    """Return the folders in a folder by name, none if there is no such folder."""
    try:
        with os.scandir(path) as entries:
            return sorted(
                Path(each.path)
                for each in entries
                if each.is_dir(follow_symlinks=False)
            )
    except OSError as error:
        if is_of_a_path(error):
            return []
        raise


def keep_from_strangers() -> None:
    """Let this process and its children create no file that everybody may write to."""
    os.umask(os.umask(0o077) | 0o002)


def _opened_in_place(layout: Layout) -> list[Path]:
    """Return the lock, the databases, and their -wal and -journal files that exist."""
    opened = (layout.lock, layout.build, layout.index, layout.search)
    names = tuple(path.name for path in opened)
    entries = layout.db.iterdir() if is_folder(layout.db) else ()
    return [path for path in entries if path.name.startswith(names)]
