"""Benchmarks inline records of `histories.yml` against rows with response files.

Both roots have as many rows, texts of the same size, and drafts, essays and evaluations
in like shares. The documents are counted before their time is believed. Works in a
temporary folder in memory, which is removed at the end.
"""

import json
import random
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from make_root import SHARES
from run import (
    FIRST,
    MEMORY_FOLDER,
    BenchError,
    Measured,
    Settings,
    check_count,
    clean_folder,
    leave_on_signals,
    make_rows,
    parse_sizes,
    print_table,
    run_job,
    set_up,
)

HISTORIES = """\
sources:
  answers:
    files: generations.jsonl
    id: id
    task_id: task
    template_id: template
    model_id: model.name
    created_at: {from: at, as: epoch}
    response: text
    follows: {id: [optional, after]}
  grades:
    files: judgements.jsonl
    kind: judgement
    id: id
    task_id: task
    template_id: template
    model_id: model.name
    created_at: {from: at, as: epoch}
    response: text
    parser: in_last_line
    targets: [{source: answers, id: of}]
"""
WORDS = ("harbour", "lantern", "rivière", "stone", "winter", "ångström", "voyage", "?")
TEXTS = 500  # different endings; the beginning of each text is its own


def make_history(root: Path, records: int, text_bytes: int) -> None:
    """Write a root with so many records, each of which becomes a document."""
    rng = random.Random(1)
    texts = ["".join(_words(rng, text_bytes)) for _ in range(TEXTS)]
    judged = records * SHARES["evaluation"] // sum(SHARES.values())
    made = records - judged
    share = SHARES["essay"] / (sum(SHARES.values()) - SHARES["evaluation"])
    root.mkdir()
    (root / "histories.yml").write_text(HISTORIES, "utf-8")
    with (root / "generations.jsonl").open("w", encoding="utf-8") as file:
        for number in range(made):
            record = _record("g", number, rng.choice(texts))
            if number and rng.random() < share:
                record["after"] = f"g{rng.randrange(number)}"
            file.write(f"{json.dumps(record, ensure_ascii=False)}\n")
    with (root / "judgements.jsonl").open("w", encoding="utf-8") as file:
        for number in range(judged):
            record = _record("j", number, f"{rng.choice(texts)}\nSCORE: {number % 10}")
            record["of"] = f"g{rng.randrange(made)}"
            file.write(f"{json.dumps(record, ensure_ascii=False)}\n")


def _words(rng: random.Random, amount: int) -> list[str]:
    return [f"{rng.choice(WORDS)} " for _ in range(amount // 8)]


def _record(letter: str, number: int, text: str) -> dict[str, object]:
    return {
        "id": f"{letter}{number}",
        "task": f"task {number % 5000}",
        "template": f"template {number % 12}",
        "model": {"name": f"model-{number % 6}"},
        "at": 1_700_000_000 + number,
        "text": f"{number}. {text}",
    }


def measure_both(settings: Settings, rows: int) -> tuple[Measured, Measured]:
    """Time the job on rows with files, then on as many records, on an empty index.

    Raises:
        BenchError: a step failed, or made the wrong number of documents.
    """
    with clean_folder(settings.work):
        documents = make_rows(settings, rows, "--text-bytes", settings.text_bytes)
        set_up(settings)
        tables = Measured(rows, documents, run_job(settings, FIRST))
        check_count(settings.root, documents, "the run on tables")
    with clean_folder(settings.work):
        make_history(settings.root, rows, settings.text_bytes)
        set_up(settings)
        records = Measured(rows, rows, run_job(settings, FIRST))
        check_count(settings.root, rows, "the run on records")
    return tables, records


def main(
    sizes: Annotated[
        str, typer.Option(help="Rows and records, with commas.")
    ] = "10000,100000",
    folder: Annotated[
        Path | None, typer.Option(help="Where to work; in memory if not given.")
    ] = None,
    text_bytes: Annotated[int, typer.Option(min=1, help="Mean response size.")] = 2000,
) -> None:
    """Time the job on rows with files and on records; print seconds and the ratio.

    Example: python bench/run_histories.py --sizes 10000,100000
    """
    where = folder or (MEMORY_FOLDER if MEMORY_FOLDER.is_dir() else None)
    leave_on_signals()
    build = ("dbt", "build", "--exclude-resource-type", "unit_test")
    materialize = ("python", "scripts/materialize_docs.py")
    with tempfile.TemporaryDirectory(prefix="docs-index-bench-", dir=where) as name:
        work = Path(name).resolve() / "work"
        work.mkdir()
        settings = Settings(work, build, materialize, 1, text_bytes, 0.0)
        try:
            for size in parse_sizes(sizes):
                print_both(*measure_both(settings, size))
        except BenchError as error:
            typer.echo(f"bench: {error}", err=True)
            raise typer.Exit(1) from error


def print_both(tables: Measured, records: Measured) -> None:
    """Print what both took, and the records' time by that of the rows with files."""
    lines = {}
    for steps in (("build",), ("materialize",), FIRST):
        ratio = records.seconds(steps) / tables.seconds(steps)
        seconds = [f"{each.seconds(steps):.2f}" for each in (tables, records)]
        lines[" and ".join(steps)] = [*seconds, f"{ratio:.2f}"]
    cpu = [each.cpu_seconds(FIRST) for each in (tables, records)]
    lines["CPU seconds"] = [*(f"{each:.2f}" for each in cpu), f"{cpu[1] / cpu[0]:.2f}"]
    peaks = [f"{each.peak_mb(FIRST):.0f}" for each in (tables, records)]
    lines["peak MB"] = [*peaks, ""]
    heads = ["with files", "inline", "inline / files"]
    print_table(f"{tables.rows} rows", heads, lines)


if __name__ == "__main__":
    typer.run(main)
