"""Makes data roots of any size for the benchmarks (docs/rules.md, section 1).

Owns the invented history: four results tables, their response files and the template
tables. It never computes a document; it only counts what a correct run must make of
the rows (`Made`). The history grows row by row in time order and remembers no more
than the last few hundred keys and tasks, so a million rows fit in little memory. What
it remembers is kept in `.make_root.json`, so that `append_rows` goes on from there.
"""

import csv
import json
import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, TextIO

import typer

STATE_FILE = ".make_root.json"
START = datetime(2023, 1, 1, tzinfo=UTC)

SHARES = {"draft": 40, "link": 5, "essay": 20, "evaluation": 35}
BAD_SHARE = 0.01
PARSE_ERROR_SHARE = 0.005
DRAFT_TARGET_SHARE = 0.15

MODELS = (
    "deepseek__r1",
    "gemma-3-27b",
    "gpt-5",
    "llama-4",
    "qwen__qwq-32b",
    "sonnet-4",
)
TEMPLATES = {
    "draft": tuple(f"draft-v{number}" for number in range(1, 13)),
    "link": ("links-v1", "links-v2", "pair-explorer"),
    "essay": tuple(f"essay-v{number}" for number in range(1, 7)),
    "evaluation": ("creativity-metrics", "novelty", "verification"),
}
PARSERS = {"essay": "essay_block", "evaluation": "in_last_line"}

# One key takes this share of the drafts and essays, a new one every BUSY_ROWS rows:
# up to 650 drafts and 300 essays of one combo and model.
BUSY_SHARE = 0.15
BUSY_ROWS = 10_000
DRAFTS_PER_COMBO = 12
OPEN_COMBOS = 40
REMEMBERED_TARGETS = 500
# Rows are written in shuffled batches: files are nearly, but not quite, in time order.
SHUFFLED_ROWS = 64

GENERATION_TAIL = [
    "generation_model",
    "generation_status",
    "generation_timestamp",
    "response_file",
    "response_size_bytes",
]
HEADERS = {
    "draft": ["draft_task_id", "combo_id", "draft_template_id", *GENERATION_TAIL],
    "link": ["link_task_id", "combo_id", "link_template_id", *GENERATION_TAIL],
    "essay": ["essay_task_id", "combo_id", "essay_template_id", *GENERATION_TAIL],
    "evaluation": [
        "evaluation_task_id",
        "combo_id",
        "evaluation_template",
        "evaluation_model",
        "evaluation_status",
        "evaluation_timestamp",
        "eval_response_file",
        "eval_response_size_bytes",
        "essay_task_id",
        "generation_task_id",
    ],
}
TABLES = {
    "draft": "draft_generation_results.csv",
    "link": "link_generation_results.csv",
    "essay": "essay_generation_results.csv",
    "evaluation": "evaluation_results.csv",
}
RESPONSES = {
    "draft": "draft_responses",
    "link": "links_responses",
    "essay": "essay_responses",
    "evaluation": "evaluation_responses",
}
PROMPTS = "links_prompts"

NO_ATTEMPT = (
    "missing_task_id",
    "missing_key_columns",
    "not_successful",
    "invalid_timestamp",
    "duplicate_row",
)
COMMON_DEFECTS = (*NO_ATTEMPT, "missing_response_file")
DEFECTS = {
    "draft": COMMON_DEFECTS,
    "link": COMMON_DEFECTS,
    "essay": (*COMMON_DEFECTS, "unresolved_parent"),
    "evaluation": (*COMMON_DEFECTS, "unresolved_target"),
}

WORDS = """
    idea concept memory daydream loop novelty search agent critic draft essay the of and
    a which under without between because therefore slow continual learning data moat
    frozen weights sleep background process combine unexpected pair evaluate
"""
NON_ASCII = ("Überraschung", "naïve", "größer", "夢と創造", "идея", "→", "é", "💡")


@dataclass
class Made:
    """What was written, and what a correct run must make of it."""

    rows: int = 0
    documents: int = 0
    parse_errors: int = 0
    response_bytes: int = 0
    documents_by_source: dict[str, int] = field(default_factory=dict)
    bad_by_reason: dict[str, int] = field(default_factory=dict)

    def count(self, source: str, reason: str) -> None:
        """Count a row that is bad for `reason`, or a document if that is ''."""
        self.rows += 1
        if reason:
            counts, name = self.bad_by_reason, reason
        else:
            counts, name = self.documents_by_source, source
            self.documents += 1
        counts[name] = counts.get(name, 0) + 1


@dataclass
class Row:
    """One source row, by the meanings of docs/rules.md, section 2."""

    task_id: str
    combo_id: str
    template_id: str
    model_id: str
    status: str
    timestamp: str
    response_file: str
    response_bytes: str = ""
    essay_task_id: str = ""
    generation_task_id: str = ""

    def cells(self, source: str) -> list[str]:
        """Return the cells in the order of `HEADERS[source]`."""
        return list(vars(self).values())[: len(HEADERS[source])]


@dataclass
class History:
    """What later rows refer to, and how this root is made.

    `has_document` says of each open key (combo, tab, model) whether its latest attempt
    has a document: an essay on a key where it has none is `unresolved_parent`.
    """

    text_bytes: int
    without_files: float
    rows: int = 0
    drafts: int = 0
    microseconds: int = 0
    has_document: dict[str, bool] = field(default_factory=dict)
    essay_targets: list[str] = field(default_factory=list)
    draft_targets: list[str] = field(default_factory=list)


class Texts:
    """Response texts cut from one long invented text: cheap, and never twice alike."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._words = WORDS.split()
        self._paragraphs = [self._paragraph() for _ in range(2000)]
        total = sum(len(paragraph) + 2 for paragraph in self._paragraphs)
        self._mean_bytes = total / len(self._paragraphs)

    def _paragraph(self) -> bytes:
        words = self._rng.choices(self._words, k=self._rng.randrange(20, 40))
        if self._rng.random() < 0.2:
            words.append(self._rng.choice(NON_ASCII))
        return " ".join(words).encode()

    def body(self, title: str, size: float) -> bytes:
        """Return about `size` bytes that begin with `title`."""
        count = max(1, round(size * self._rng.uniform(0.5, 1.5) / self._mean_bytes))
        first = self._rng.randrange(len(self._paragraphs))
        chosen = self._paragraphs[first : first + count]
        while len(chosen) < count:
            chosen += self._paragraphs[: count - len(chosen)]
        return b"\n\n".join([f"# {title}".encode(), *chosen])

    def response(self, source: str, body: bytes, is_parsable: bool) -> bytes:
        """Return what a model would have answered, with what the parser looks for."""
        if not is_parsable or source not in PARSERS:
            return body + b"\n"
        if source == "essay":
            return b"Let me think.\n\n<essay>\n" + body + b"\n</essay>\n"
        score = self._rng.randrange(0, 91) / 10
        line = self._rng.choice(("SCORE: {}", "**SCORE: {}**", "### SCORE: {}"))
        return body + f"\n\n{line.format(score)}\n".encode()


class Table:
    """One results table, written in small shuffled batches."""

    def __init__(self, source: str, file: TextIO, rng: random.Random) -> None:
        self._source = source
        self._writer = csv.writer(file, lineterminator="\n")
        self._rng = rng
        self._waiting: list[list[str]] = []
        if file.tell() == 0:
            self._writer.writerow(HEADERS[source])

    def add(self, row: Row) -> None:
        self._waiting.append(row.cells(self._source))
        if len(self._waiting) == SHUFFLED_ROWS:
            self.flush()

    def flush(self) -> None:
        self._rng.shuffle(self._waiting)
        self._writer.writerows(self._waiting)
        self._waiting.clear()


@contextmanager
def open_tables(folder: Path, rng: random.Random) -> Iterator[dict[str, Table]]:
    """Open the four tables for appending; write what still waits on leaving."""
    with ExitStack() as stack:
        tables = {}
        for source, name in TABLES.items():
            path = folder / "7_cross_experiment" / name
            file = stack.enter_context(path.open("a", encoding="utf-8", newline=""))
            tables[source] = Table(source, file, rng)
        yield tables
        for table in tables.values():
            table.flush()


class RootWriter:
    """Adds rows to a history, one by one, and counts what must become of them."""

    def __init__(
        self,
        folder: Path,
        history: History,
        tables: dict[str, Table],
        rng: random.Random,
    ) -> None:
        self.made = Made()
        self._responses = folder / "3_generation"
        self._history = history
        self._tables = tables
        self._rng = rng
        self._texts = Texts(rng)
        self._last_attempts: dict[str, Row] = {}

    def add_row(self) -> None:
        """Invent the next row, spoil it or not, and write it with its files."""
        source = self._next_source()
        self._history.rows += 1
        row = self._new_row(source)
        reason = self._spoil(source, row)
        if reason == "duplicate_row":
            row = self._last_attempts[source]
        elif reason != "missing_response_file":
            self._write_files(source, row, is_document=not reason)
        self._tables[source].add(row)
        self.made.count(source, reason)
        self._remember(source, row, reason)

    def _next_source(self) -> str:
        """Draw a source; a draft while there is nothing for others to refer to."""
        source = self._rng.choices(list(SHARES), list(SHARES.values()))[0]
        needed = {
            "essay": self._history.has_document,
            "evaluation": self._history.draft_targets,
        }
        return source if needed.get(source, True) else "draft"

    def _new_row(self, source: str) -> Row:
        """Return a good row, on a key or a target that is there."""
        template = self._rng.choice(TEMPLATES[source])
        row = Row("", "", template, "", self._status(), self._timestamp(), "")
        if source == "evaluation":
            self._aim(row)
        else:
            row.combo_id, row.model_id = self._key(source).split("\t")
            row.task_id = f"{row.combo_id}_{template}_{row.model_id}"
        name = f"{row.task_id}_{self._history.rows:07d}.txt"
        row.response_file = f"{RESPONSES[source]}/{name}"
        return row

    def _status(self) -> str:
        return "SUCCESS" if self._rng.random() < 0.02 else "success"

    def _timestamp(self) -> str:
        """Move the clock on by up to two minutes; return its time in some spelling."""
        self._history.microseconds += self._rng.randrange(1, 120_000_000)
        moment = START + timedelta(microseconds=self._history.microseconds)
        spelling = self._rng.random()
        if spelling < 0.1:
            return (moment + timedelta(hours=2)).isoformat()[:-6] + "+02:00"
        text = moment.isoformat()[:-6]
        return f"{text}Z" if spelling < 0.2 else text

    def _key(self, source: str) -> str:
        """Return `combo<tab>model`: the busy key of these rows, or an open one."""
        history = self._history
        era = history.rows // BUSY_ROWS
        busy = f"combo_busy{era:04d}\t{MODELS[era % len(MODELS)]}"
        is_busy = self._rng.random() < BUSY_SHARE
        if source == "essay":
            keys = history.has_document
            return busy if is_busy and busy in keys else self._rng.choice(list(keys))
        if is_busy:
            return busy
        oldest = history.drafts // DRAFTS_PER_COMBO
        number = oldest + self._rng.randrange(OPEN_COMBOS)
        return f"combo_{number:06d}\t{self._rng.choice(MODELS)}"

    def _aim(self, row: Row) -> None:
        """Make `row` an evaluation of an essay or, less often, of a draft."""
        history = self._history
        if history.essay_targets and self._rng.random() > DRAFT_TARGET_SHARE:
            target = row.essay_task_id = self._rng.choice(history.essay_targets)
        else:
            target = row.generation_task_id = self._rng.choice(history.draft_targets)
        row.model_id = self._rng.choice(MODELS)
        row.combo_id = "_".join(target.split("_")[:2])
        row.task_id = f"{target}__{row.template_id}__{row.model_id}"

    def _spoil(self, source: str, row: Row) -> str:
        """Spoil one row in a hundred; return the reason it is bad for, or ''."""
        key = f"{row.combo_id}\t{row.model_id}"
        if self._rng.random() < BAD_SHARE:
            reason = self._rng.choice(DEFECTS[source])
            if reason != "duplicate_row" or source in self._last_attempts:
                self._apply_defect(source, row, reason)
                return reason
        if self._rng.random() < self._history.without_files:
            return "missing_response_file"
        if source == "essay" and not self._history.has_document[key]:
            return "unresolved_parent"
        return ""

    def _apply_defect(self, source: str, row: Row, reason: str) -> None:
        choose = self._rng.choice
        if reason == "missing_task_id":
            row.task_id = choose(("", "  "))
        elif reason == "missing_key_columns":
            needed = ("template_id", "model_id", "combo_id")
            column = choose(needed[:2] if source == "evaluation" else needed)
            setattr(row, column, choose(("", " ")))
        elif reason == "not_successful":
            row.status = choose(("failed", "error", ""))
        elif reason == "invalid_timestamp":
            row.timestamp = choose(("", "2025-02-30T10:00:00", "infinity", "unknown"))
        elif reason == "missing_response_file":
            self._apply_file_defect(row, choose(("blank", "absent", "not_utf8")))
        elif reason == "unresolved_parent":
            row.combo_id = f"combo_unrecorded_{self._history.rows}"
        elif reason == "unresolved_target":
            row.essay_task_id = f"unrecorded_{self._history.rows}"
            row.generation_task_id = ""

    def _apply_file_defect(self, row: Row, kind: str) -> None:
        if kind == "blank":
            row.response_file = ""
        elif kind == "not_utf8":
            (self._responses / row.response_file).write_bytes(b"broken \xff\xfe text\n")

    def _write_files(self, source: str, row: Row, is_document: bool) -> None:
        """Write the response, and a link's prompt; count an unparsable document."""
        is_parsable = self._rng.random() >= PARSE_ERROR_SHARE
        title = f"{row.task_id} {self._history.rows}"
        body = self._texts.body(title, self._history.text_bytes)
        text = self._texts.response(source, body, is_parsable)
        row.response_bytes = str(len(text))
        self._write(row.response_file, text)
        if source == "link":
            prompt = row.response_file.replace(RESPONSES["link"], PROMPTS, 1)
            self._write(prompt, self._texts.body(f"prompt of {title}", 500))
        if is_document and source in PARSERS and not is_parsable:
            self.made.parse_errors += 1

    def _write(self, path: str, data: bytes) -> None:
        with open(f"{self._responses}/{path}", "wb", buffering=0) as file:
            file.write(data)
        self.made.response_bytes += len(data)

    def _remember(self, source: str, row: Row, reason: str) -> None:
        """Let later rows refer to this one, if it is an attempt or a document."""
        history = self._history
        is_attempt = reason not in NO_ATTEMPT
        if is_attempt:
            self._last_attempts[source] = row
        if source in ("draft", "link"):
            history.drafts += 1
            if is_attempt:
                history.has_document[f"{row.combo_id}\t{row.model_id}"] = not reason
            self._close_old_combo()
        if is_attempt and source != "evaluation":
            is_essay = source == "essay"
            targets = history.essay_targets if is_essay else history.draft_targets
            # What judges a task judges its latest attempt, which must have a document.
            targets[:] = [task_id for task_id in targets if task_id != row.task_id]
            if not reason:
                targets.append(row.task_id)
            del targets[:-REMEMBERED_TARGETS]

    def _close_old_combo(self) -> None:
        """Forget the keys of the combo that no new draft can belong to."""
        closed = self._history.drafts // DRAFTS_PER_COMBO - 1
        for model in MODELS:
            self._history.has_document.pop(f"combo_{closed:06d}\t{model}", None)


def make_root(
    folder: Path,
    documents: int,
    seed: int = 0,
    text_bytes: int = 3000,
    without_files: float = 0.0,
) -> Made:
    """Write a new data root of `documents` rows; the same arguments give equal bytes.

    Args:
        folder: the data root; it must not hold results tables yet.
        documents: source rows in all four tables together; 0 gives headers only.
        seed: another seed, another history.
        text_bytes: mean size of a response; they vary by half of it.
        without_files: share of the rows whose response file is not written.

    Raises:
        FileExistsError: there is a root in `folder`; nothing is written.
    """
    if (folder / "7_cross_experiment").exists():
        raise FileExistsError(f"{folder} holds a data root: append to it, or remove it")
    for name in ("7_cross_experiment", "1_raw"):
        (folder / name).mkdir(parents=True)
    for name in (*RESPONSES.values(), PROMPTS):
        (folder / "3_generation" / name).mkdir(parents=True)
    _write_templates(folder / "1_raw")
    history = History(text_bytes=text_bytes, without_files=without_files)
    return _add_rows(folder, history, documents, random.Random(seed))


def append_rows(folder: Path, documents: int, seed: int) -> Made:
    """Go on with the history of a root that `make_root` wrote, by `documents` rows.

    The new rows are later than all that is there; essays and evaluations among them
    refer to old rows as well as to new ones. Returns the counts of the new rows alone.
    """
    history = History(**json.loads((folder / STATE_FILE).read_text("utf-8")))
    rng = random.Random(f"append {seed} after {history.rows}")
    return _add_rows(folder, history, documents, rng)


def _add_rows(folder: Path, history: History, count: int, rng: random.Random) -> Made:
    with open_tables(folder, rng) as tables:
        writer = RootWriter(folder, history, tables, rng)
        for _ in range(count):
            writer.add_row()
    (folder / STATE_FILE).write_text(json.dumps(asdict(history)), "utf-8")
    return writer.made


def _write_templates(folder: Path) -> None:
    for source, templates in TEMPLATES.items():
        parser = PARSERS.get(source, "")
        path = folder / f"{source}_templates.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["template_id", "template_name", "parser"])
            writer.writerows((name, name.title(), parser) for name in templates)


def main(
    folder: Annotated[Path, typer.Argument(help="The data root to write.")],
    documents: Annotated[int, typer.Option(min=0, help="Rows in all tables.")] = 10_000,
    seed: int = 0,
    text_bytes: Annotated[int, typer.Option(min=1, help="Mean response size.")] = 3000,
    without_files: Annotated[
        float, typer.Option(min=0, max=0.99, help="Share of rows without their file.")
    ] = 0.0,
    append: Annotated[
        bool, typer.Option(help="Append DOCUMENTS rows to the root that is there.")
    ] = False,
) -> None:
    """Write a data root, and print what a correct run must make of it as JSON.

    Example: python bench/make_root.py /dev/shm/root --documents 100000
    """
    if append:
        made = append_rows(folder, documents, seed)
    else:
        made = make_root(folder, documents, seed, text_bytes, without_files)
    typer.echo(json.dumps(asdict(made), indent=2))


if __name__ == "__main__":
    typer.run(main)
