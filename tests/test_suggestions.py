"""scripts/suggest_repairs.py: it says what could repair a row, and repairs nothing."""

import json
import os
import shutil
from pathlib import Path

import pytest
from building import (
    REPOSITORY,
    Process,
    copied,
    good,
    materialize,
    query,
    read_csv,
    script,
    snapshot,
    write,
    write_table,
)
from harness import Models

SUGGESTIONS = "7_cross_experiment/repair_suggestions.csv"
REPAIRS = "7_cross_experiment/generation_repairs.csv"
TABLE = "7_cross_experiment/{}_results.csv"
RESPONSES = "3_generation/{}_responses/{}.txt"
LINE = "Of geese that carry a library book each, and bring it back late.\n"

Row = dict[str, str]


def suggest(root: Path, *args: str) -> Process:
    return script(root, "suggest_repairs.py", *args)


def row(source: str, task_id: str, hour: int, **values: str) -> Row:
    """Return a row of a results table, with a response file of its own."""
    is_evaluation = source == "evaluation"
    step = "evaluation" if is_evaluation else "generation"
    response = f"{source}_responses/{task_id}.txt"
    return {
        f"{source}_task_id": task_id,
        "combo_id": "geese",
        f"{source}_template{'' if is_evaluation else '_id'}": "t",
        f"{step}_model": "m",
        f"{step}_status": "success",
        f"{step}_timestamp": f"2025-01-01T{hour:02}:00:00Z",
        "response_file": response,
        **({"essay_task_id": "", "generation_task_id": ""} if is_evaluation else {}),
        **values,
    }


def table(root: Path, source: str, rows: list[Row]) -> None:
    step = "" if source == "evaluation" else "_generation"
    write_table(root, TABLE.format(source + step), rows)
    for each in rows:
        write(root, f"3_generation/{each['response_file']}", f"{each} said\r\nso.\r")


@pytest.fixture(scope="module")
def built(models: Models, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built root with a row for every kind of suggestion, and some for none."""
    root = tmp_path_factory.mktemp("suggested") / "root"
    drafts = [
        row("draft", "geese-of-another-model", 1, generation_model="other"),
        row("draft", "geese-just-after", 9),
        row("draft", "moss-of-the-prompt", 20, combo_id="moss", generation_model="x"),
        row("draft", "tides-misspelt_run1", 1, combo_id="tides"),
        row("draft", "tides-in-a-drawer", 2, combo_id="tides", generation_model="y"),
        row("draft", "nothing-like-it", 3, combo_id="tides", generation_model="z"),
        *(
            row(
                "draft",
                f"fog-{model}-{hour}",
                hour,
                combo_id="fog",
                generation_model=model,
            )
            for model, hour in [("a", 3), ("b", 5), ("b", 6), ("c", 10), ("c", 11)]
        ),
        row("draft", "one-word-more", 4, combo_id="dew"),
        *(
            row(
                "draft",
                f"ice-{number}",
                number,
                combo_id="ice",
                response_file=f"ice/{letter * 9}/answer.txt",
            )
            for number, letter in enumerate("abcde")
        ),
    ]
    essays = [
        row("essay", "geese-essay", 8),
        row("essay", "moss-essay", 8, combo_id="stones"),
        row("essay", "tides-essay", 8, combo_id="tides"),
        row("essay", "fog-essay", 8, combo_id="fog"),
        row("essay", "good-essay", 10),
    ]
    evaluations = [
        row("evaluation", "of-a-slip", 12, essay_task_id="good-esay"),
        row("evaluation", "of-a-draft", 12, essay_task_id="geese-just-after"),
        row("evaluation", "of-an-orphan", 12, essay_task_id="geese-essay"),
        row("evaluation", "of-nothing", 12, generation_task_id="!"),
    ]
    table(root, "draft", drafts)
    table(root, "essay", essays)
    table(root, "evaluation", evaluations)
    (root / RESPONSES.format("draft", "tides-misspelt_run1")).rename(
        root / RESPONSES.format("draft", "tides-mispelt_run1")
    )
    (root / RESPONSES.format("draft", "one-word-more")).rename(
        root / RESPONSES.format("draft", "one-word-or-more")
    )
    (root / "3_generation/ice").rename(root / "3_generation/ice old")
    (root / RESPONSES.format("draft", "nothing-like_it")).write_bytes(b"\xff")
    write(root, RESPONSES.format("draft", "0\ra"), "x")
    (root / "3_generation/drawer").mkdir()
    (root / RESPONSES.format("draft", "tides-in-a-drawer")).rename(
        root / "3_generation/drawer/tides-in-a-drawer.txt"
    )
    (root / RESPONSES.format("draft", "nothing-like-it")).unlink()
    link = root / RESPONSES.format("draft", "nothing-like-its")
    link.symlink_to("tides-mispelt_run1.txt")
    write(root, RESPONSES.format("draft", "moss-of-the-prompt"), f"Moss.\r\n{LINE}")
    prompt = f"Write of this:\r\nMoss.\n{LINE}Thank you."
    write(root, "3_generation/essay_prompts/moss-essay.txt", prompt)
    models.write_build(root)
    return root


@pytest.fixture(scope="module")
def suggested(built: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    root = copied(built, tmp_path_factory.mktemp("read"))
    good(suggest(root))
    return read_csv(root / SUGGESTIONS)


@pytest.fixture(scope="module")
def odd(models: Models, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built root of names and texts that are just not alike enough, or no texts."""
    root = tmp_path_factory.mktemp("odd") / "root"
    drafts = [
        row("draft", "quartz", 1),
        row("draft", "half-of-it-agrees", 2),
        row("draft", "among-pipes-of-every-kind", 6),
        row("draft", "among-names-in-latin-letters", 7),
        row("draft", "with-thoughts", 3, combo_id="owls", draft_template_id="essays"),
        row("draft", "of-short-lines", 4, combo_id="owls"),
        row("draft", "with-a-nul", 5, combo_id="owls"),
    ]
    essays = [
        row("essay", "quotes-the-essay", 8, combo_id="ants"),
        row("essay", "quotes-short-lines", 8, combo_id="bees"),
        row("essay", "no-utf-8", 8, combo_id="cats"),
    ]
    table(root, "draft", drafts)
    table(root, "essay", essays)
    write_table(
        root,
        "1_raw/draft_templates.csv",
        [{"template_id": "essays", "parser": "essay_block"}],
    )
    (root / RESPONSES.format("draft", "quartz")).unlink()
    for letter in "dcba":
        write(root, RESPONSES.format("draft", f"quartz{letter}"), letter)
    (root / RESPONSES.format("draft", "half-of-it-agrees")).rename(
        root / RESPONSES.format("draft", "half-of-it-is-other")
    )
    for task_id in ("among-pipes-of-every-kind", "among-names-in-latin-letters"):
        (root / RESPONSES.format("draft", task_id)).rename(
            root / RESPONSES.format("draft", f"{task_id}-abcdefgh")
        )
    thoughts = f"I think.\n<essay>{LINE}So.</essay>\nWas it good?"
    write(root, RESPONSES.format("draft", "with-thoughts"), thoughts)
    write(root, RESPONSES.format("draft", "of-short-lines"), "Moss.\nTides.\n")
    write(root, RESPONSES.format("draft", "with-a-nul"), f"\0{LINE}")
    prompts = "3_generation/essay_prompts"
    write(root, f"{prompts}/quotes-the-essay.txt", f"Of this:\n{LINE}So.\nThank you.")
    write(root, f"{prompts}/quotes-short-lines.txt", "Of this:\nMoss.\nTides.\n")
    (root / prompts / "no-utf-8.txt").write_bytes(b"\xff")
    models.write_build(root)
    return root


@pytest.fixture
def root(built: Path, tmp_path: Path) -> Path:
    return copied(built, tmp_path)


def of(suggested: list[Row], task_id: str) -> list[tuple[str, str, str]]:
    return [
        (each["action"], each["value"], each["confidence"])
        for each in suggested
        if each["task_id"] == task_id
    ]


def test_a_file_of_a_name_that_is_close(suggested: list[Row]) -> None:
    assert of(suggested, "tides-misspelt_run1") == [
        ("set_response_file", "draft_responses/tides-mispelt_run1.txt", "0.95")
    ]


def test_a_file_of_the_same_name_elsewhere(suggested: list[Row]) -> None:
    assert of(suggested, "tides-in-a-drawer") == [
        ("set_response_file", "drawer/tides-in-a-drawer.txt", "0.95")
    ]


def test_a_file_with_a_word_more(suggested: list[Row]) -> None:
    [(_, file, _)] = of(suggested, "one-word-more")
    assert file == "draft_responses/one-word-or-more.txt"


def test_files_of_one_name_in_a_directory_that_was_renamed(
    suggested: list[Row],
) -> None:
    for number, letter in enumerate("abcde"):
        best = of(suggested, f"ice-{number}")[0]
        assert best[1] == f"ice old/{letter * 9}/answer.txt"


def test_a_path_of_windows_and_a_name_in_another_normal_form(
    models: Models, tmp_path: Path
) -> None:
    """The files are there, but the table spells their paths otherwise."""
    root = tmp_path / "root"
    paths = {
        "slashes": ("draft_responses\\s\\1.txt", "draft_responses/s/1.txt"),
        "composed": ("draft_responses/caf\u00e9.txt", "draft_responses/cafe\u0301.txt"),
        "apart": ("draft_responses/u\u0308.txt", "draft_responses/\u00fc.txt"),
        "near": ("draft_responses\\tide_run1.txt", "draft_responses/tides_run1.txt"),
    }
    drafts = [
        row("draft", name, hour, response_file=path)
        for hour, (name, (path, _)) in enumerate(paths.items())
    ]
    write_table(root, TABLE.format("draft_generation"), drafts)
    for _, file in paths.values():
        write(root, f"3_generation/{file}", "here")
    models.write_build(root)
    good(suggest(root))
    found = read_csv(root / SUGGESTIONS)
    first = {each["task_id"]: each for each in reversed(found)}
    assert {name: each["value"] for name, each in first.items()} == {
        name: file for name, (_, file) in paths.items()
    }
    confident = [name for name, each in first.items() if each["confidence"] == "0.99"]
    assert sorted(confident) == ["apart", "composed", "slashes"]
    assert first["slashes"]["evidence"] == "the same path, with / in place of \\"
    kept = [each for each in found if each is first[each["task_id"]]]
    write_table(root, REPAIRS, kept)
    assert len(models.build(root).documents) == len(paths)


def test_a_timestamp_that_has_one_meaning(models: Models, tmp_path: Path) -> None:
    root = tmp_path / "root"
    times = ["2025-08-12T10-11-12", "1754993472", "12/08/2025"]
    drafts = [
        row("draft", f"d{hour}", hour, generation_timestamp=time)
        for hour, time in enumerate(times)
    ]
    table(root, "draft", drafts)
    models.write_build(root)
    told = json.loads(good(suggest(root, "--json")).stdout)
    assert told["rows_with_suggestions"] == {"invalid_timestamp": 2}
    found = read_csv(root / SUGGESTIONS)
    asked = ("row_key", "row_index", "task_id", "action", "value", "confidence")
    assert [[each[name] for name in asked] for each in found] == [
        ["", "1", "d0", "set_timestamp", "2025-08-12T10:11:12Z", "0.9"],
        ["", "2", "d1", "set_timestamp", "2025-08-12T10:11:12.000000Z", "0.85"],
    ]
    (root / REPAIRS).write_bytes((root / SUGGESTIONS).read_bytes())
    built = models.build(root).documents
    assert [each["created_at"] for each in built] == ["2025-08-12T10:11:12.000000Z"] * 2


def test_no_file_that_is_not_close_or_is_a_link(suggested: list[Row]) -> None:
    assert of(suggested, "nothing-like-it") == []


def test_a_row_has_three_suggestions_at_most(odd: Path, tmp_path: Path) -> None:
    root = copied(odd, tmp_path)
    summary = json.loads(good(suggest(root, "--json")).stdout)
    assert [value for _, value, _ in of(read_csv(root / SUGGESTIONS), "quartz")] == [
        f"draft_responses/quartz{letter}.txt" for letter in "abc"
    ]
    assert summary["rows_with_suggestions"]["missing_response_file"] == 3
    assert summary["suggestions"]["missing_response_file"] == 5


def test_names_and_texts_that_are_not_alike_enough_suggest_nothing(
    odd: Path, tmp_path: Path
) -> None:
    root = copied(odd, tmp_path)
    good(suggest(root))
    suggested = read_csv(root / SUGGESTIONS)
    for task_id in ("half-of-it-agrees", "quotes-short-lines", "no-utf-8"):
        assert of(suggested, task_id) == []


def test_what_no_table_could_name_takes_no_place(odd: Path, tmp_path: Path) -> None:
    root = copied(odd, tmp_path)
    for byte in (b"\xfd", b"\xfe", b"\xff"):
        latin = os.fsdecode(b"among-names-in-latin-letters" + byte)
        (root / RESPONSES.format("draft", latin)).write_text("x")
        pipe = f"among-pipes-of-every-kind{byte[0]}"
        os.mkfifo(root / RESPONSES.format("draft", pipe))
    good(suggest(root))
    suggested = read_csv(root / SUGGESTIONS)
    for task_id in ("among-pipes-of-every-kind", "among-names-in-latin-letters"):
        values = [value for _, value, _ in of(suggested, task_id)]
        assert values == [f"draft_responses/{task_id}-abcdefgh.txt"]


def test_what_no_build_could_use_takes_no_place(odd: Path, tmp_path: Path) -> None:
    root = copied(odd, tmp_path)
    near, namesake = "among-pipes-of-every-kind", "among-names-in-latin-letters"
    elsewhere = f"elsewhere/{namesake}.txt"
    write(root, f"3_generation/{elsewhere}", "usable")
    for number in range(3):
        path = f"3_generation/draft_responses/{number}/{namesake}.txt"
        for unusable in (RESPONSES.format("draft", f"{near}{number}"), path):
            write(root, unusable, "")
            (root / unusable).write_bytes(b"\xff")
    good(suggest(root))
    suggested = read_csv(root / SUGGESTIONS)
    [(_, value, _)] = of(suggested, near)
    assert value == f"draft_responses/{near}-abcdefgh.txt"
    values = [value for _, value, _ in of(suggested, namesake)]
    assert values == [elsewhere, f"draft_responses/{namesake}-abcdefgh.txt"]


def test_a_draft_whose_parsed_text_is_in_the_prompt(odd: Path, tmp_path: Path) -> None:
    root = copied(odd, tmp_path)
    good(suggest(root))
    assert of(read_csv(root / SUGGESTIONS), "quotes-the-essay") == [
        ("set_parent", "draft:with-thoughts:2025-01-01T03:00:00.000000Z:1", "0.95")
    ]


def test_no_folder_out_of_the_data_root_is_listed(odd: Path, tmp_path: Path) -> None:
    root = copied(odd, tmp_path)
    (root / "3_generation").rename(tmp_path / "outside")
    (root / "3_generation").symlink_to(tmp_path / "outside")
    process = suggest(root)
    assert process.returncode == 2
    assert "leads out of the data root" in process.stderr


def test_a_draft_just_after_and_one_of_another_model(suggested: list[Row]) -> None:
    assert of(suggested, "geese-essay") == [
        ("set_parent", "draft:geese-just-after:2025-01-01T09:00:00.000000Z:1", "0.8"),
        (
            "set_parent",
            "draft:geese-of-another-model:2025-01-01T01:00:00.000000Z:1",
            "0.5",
        ),
    ]


def test_the_drafts_of_other_models_that_are_nearest(suggested: list[Row]) -> None:
    assert of(suggested, "fog-essay") == [
        ("set_parent", "draft:fog-b-6:2025-01-01T06:00:00.000000Z:1", "0.5"),
        ("set_parent", "draft:fog-a-3:2025-01-01T03:00:00.000000Z:1", "0.45"),
        ("set_parent", "draft:fog-c-10:2025-01-01T10:00:00.000000Z:1", "0.25"),
    ]


def test_a_draft_whose_text_is_in_the_prompt(suggested: list[Row]) -> None:
    assert of(suggested, "moss-essay") == [
        ("set_parent", "draft:moss-of-the-prompt:2025-01-01T20:00:00.000000Z:1", "0.95")
    ]


def test_nothing_for_what_waits_for_another_row(suggested: list[Row]) -> None:
    assert of(suggested, "tides-essay") == []
    assert of(suggested, "of-an-orphan") == []


def test_a_task_id_that_is_close_or_of_the_other_stage(suggested: list[Row]) -> None:
    assert of(suggested, "of-a-slip") == [("set_target", "good-essay", "0.9")]
    assert of(suggested, "of-a-draft")[0] == ("set_target", "geese-just-after", "0.99")
    assert of(suggested, "of-nothing") == []


def test_every_suggestion_has_its_evidence(suggested: list[Row]) -> None:
    assert all(each["evidence"] in each["reason"] for each in suggested)
    assert {each["by"] for each in suggested} == {"suggest_repairs.py"}
    assert {each["bad_reason"] for each in suggested} == {
        "missing_response_file", "unresolved_parent", "unresolved_target"
    }  # fmt: skip


def test_suggestions_repair_when_they_are_copied(root: Path, models: Models) -> None:
    good(suggest(root))
    best = {each["row_key"]: each for each in reversed(read_csv(root / SUGGESTIONS))}
    write_table(root, REPAIRS, list(best.values()))
    models.write_build(root)
    good(materialize(root))
    repaired = query(
        root, "select task_id from documents where meta_small like '%repair%'"
    )
    assert len(repaired) == len(best)
    left = query(root, "select task_id from bad_generations order by task_id")
    assert left == [("nothing-like-it",), ("of-nothing",)]


def test_the_second_run_writes_nothing_and_none_writes_anything_else(
    root: Path,
) -> None:
    before = snapshot(root)
    good(suggest(root))
    made = snapshot(root)
    assert made.keys() - before.keys() == {SUGGESTIONS}
    process = good(suggest(root))
    assert f"nothing new in: {SUGGESTIONS}" in process.stdout
    folder = "7_cross_experiment"
    assert snapshot(root) == made | {folder: snapshot(root)[folder]}


def test_a_person_is_told_what_to_do_next(root: Path) -> None:
    process = good(suggest(root))
    assert "rows with suggestions\nmissing_response_file\t8\n" in process.stdout
    assert "Nothing is repaired yet. Copy the rows" in process.stdout
    assert good(suggest(root, "--quiet")).stdout == ""
    summary = json.loads(good(suggest(root, "--json")).stdout)
    assert summary["output"] == SUGGESTIONS
    assert summary["rows_with_suggestions"]["missing_response_file"] == 8


def test_without_a_build_it_says_so(tmp_path: Path) -> None:
    root = Path(shutil.copytree(REPOSITORY / "sample", tmp_path / "root"))
    process = suggest(root)
    assert process.returncode == 2
    assert "run `dbt build` first" in process.stderr
    assert not (root / SUGGESTIONS).exists()
    assert not (root / "db").exists()


def test_no_link_out_of_the_data_root_is_written_through(
    root: Path, tmp_path: Path
) -> None:
    (root / SUGGESTIONS).symlink_to(tmp_path / "outside.csv")
    process = suggest(root)
    assert process.returncode == 2
    assert "leads out of the data root" in process.stderr
