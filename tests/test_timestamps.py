"""Each spelling of timestamps.csv is the same instant to the build and to programs."""

import csv
from pathlib import Path

import oracle
import pytest
from building import write, write_table
from harness import Models

from docs_index.index.ids import instant_text

PATH = Path(__file__).with_name("timestamps.csv")
EXAMPLE = "2025-07-01T12:00:00Z"


def spellings() -> dict[str, str]:
    """Return the instant of each spelling; empty for what is not a timestamp."""
    with PATH.open(newline="", encoding="utf-8") as file:
        return {row["spelling"]: row["instant"] for row in csv.DictReader(file)}


@pytest.mark.parametrize("spelling", spellings())
def test_programs_and_the_oracle_read_it_alike(spelling: str) -> None:
    instant = spellings()[spelling]
    assert oracle.instant_of(spelling) == instant
    assert (instant_text(spelling) or "") == instant


def test_the_build_reads_them_alike_and_says_what_is_due(
    models: Models, tmp_path: Path
) -> None:
    write(tmp_path, "3_generation/x.txt", "a text\n")
    rows = [
        {
            "draft_task_id": spelling or "blank",
            "combo_id": "c",
            "draft_template_id": "t",
            "generation_model": "m",
            "generation_status": "success",
            "generation_timestamp": spelling,
            "response_file": "x.txt",
        }
        for spelling in spellings()
    ]
    write_table(tmp_path, "7_cross_experiment/draft_generation_results.csv", rows)
    built = models.build(tmp_path)
    found = {row["task_id"]: row["created_at"] for row in built.documents}
    assert found == {name: instant for name, instant in spellings().items() if instant}
    for row in built.documents:
        assert row["row_key"] == f"draft:{row['task_id']}:{row['created_at']}:1"
    assert {row["reason"] for row in built.bad} == {"invalid_timestamp"}
    for row in built.bad:
        was = "blank" if row["timestamp"] is None else f'"{row["timestamp"]}"'
        assert row["detail"].startswith(f"the timestamp is {was}: ")
        assert EXAMPLE in row["detail"]


def test_what_a_message_names_as_an_example_is_one() -> None:
    assert instant_text(EXAMPLE) == "2025-07-01T12:00:00.000000Z"
