"""Own parsers, 1_raw/parsers.csv: what they find, and what is refused with its row."""

import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import oracle
import pytest
import yaml
from building import documents, good, materialize, write
from cohort_models import CohortModels
from cohort_roots import campaign_root, cohort, generation, tables
from harness import REPOSITORY, Models
from hypothesis import example, given, settings
from hypothesis import strategies as st
from roots import JSON_TEXTS, OWN_COLUMNS, OWN_PARSERS, SCORE_TEXTS

from docs_index.audit.restore import Options as RestoreOptions
from docs_index.audit.restore import restore
from docs_index.audit.verify import Options as VerifyOptions
from docs_index.audit.verify import verify
from docs_index.cohorts.campaign import open_campaign
from docs_index.cohorts.steps import evaluation_parsed
from docs_index.errors import (
    DataRootError,
    DocumentRefusedError,
    TableRefusedError,
    UnusableAnswerError,
)
from docs_index.index.new_row import NewDocument
from docs_index.index.writer import Writer
from docs_index.layout import open_layout
from docs_index.vocabulary import PARSERS
from docs_index.warehouse import parsers as parsing
from docs_index.warehouse.json_objects import last_object
from docs_index.warehouse.parsers import AnyParser, parser_for

HEADER = ["parser", "kind", "pattern", "minimum", "maximum"]
SCORE = r"SCORE: *([^\n]*)"
NO_BREAK = "\u00a0"
MANY = 100_000  # of what would take hours if each were read to the end


def own(root: Path, *rows: Sequence[str], header: Sequence[str] = HEADER) -> AnyParser:
    """Write the table, and return the parsers of the root."""
    path = root / "1_raw/parsers.csv"
    path.parent.mkdir(exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return parser_for(open_layout(root))


def parsed(root: Path, kind: str, pattern: str, text: str, *bounds: str) -> str | None:
    """Return what an own parser of this kind, pattern and bounds makes of a text."""
    row = ["mine", kind, pattern, *bounds, "", ""][:5]
    return own(root, row).parse("mine", text)


# What they find ----------------------------------------------------------------------

REGEX = {
    "the last match": ("SCORE: 3\nSCORE: 8\n", SCORE, [], "8"),
    "the last match, if it is no number": ("SCORE: 3\nSCORE: x", SCORE, ["0"], None),
    "the last, if out of bounds": ("SCORE: 3\nSCORE: 11", SCORE, ["", "9"], None),
    "matches do not overlap": ("aaa", "(aa)", [], "aa"),
    "a group that took no part": ("b a", "(b)|a", [], None),
    "a group that is empty": ("ab", "a(x*)", [], ""),
    "no match": ("nothing", SCORE, [], None),
    "any case, if the pattern says so": ("score: 8", "(?i)SCORE: (.*)", [], "8"),
    "blanks of the pattern": ("a 8 b9", " (.) ", [], "8"),
    "a no-break space is a space": (f"SCORE:{NO_BREAK}8", "SCORE: (.)", [], "8"),
    "one in the pattern too": ("SCORE: 8", f"SCORE:{NO_BREAK}(.)", [], "8"),
    "quotes and marks": ("it's @minimum@", "it's (@m.*)", [], "@minimum@"),
    "a point is a point": ("SCORE: 7.25", SCORE, ["0", "10"], "7.25\n"),
    "a comma is a point": ("SCORE: 7,25", SCORE, ["0", "10"], "7.25\n"),
    "out of ten": ("SCORE: 8/10", SCORE, ["0", "10"], "8.0\n"),
    "out of ten, spaced": (f"SCORE: 8{NO_BREAK}/ 10 \r\n", SCORE, ["0", "10"], "8.0\n"),
    "a point and no more": ("SCORE: 8.", SCORE, ["0", "10"], "8.0\n"),
    "nought point": ("SCORE: .5", SCORE, ["0", "10"], "0.5\n"),
    "words after it": ("SCORE: 8 points", SCORE, ["0", "10"], None),
    "an edge": ("SCORE: 10", SCORE, ["0", "10"], "10.0\n"),
    "above it": ("SCORE: 10.01", SCORE, ["0", "10"], None),
    "below it": ("SCORE: -0.01", SCORE, ["0", "10"], None),
    "a minimum alone": ("SCORE: 1e17", SCORE, ["0"], "100000000000000000.0\n"),
    "a maximum alone": ("SCORE: -1234567890123456789", SCORE, ["", "0"],
                        "-1234567890123456800.0\n"),
    "bounds with commas": ("SCORE: 1.6", SCORE, ["1,5", "1,7"], "1.6\n"),
    "tiny": ("SCORE: 0.00000125", SCORE, ["0"], "0.00000125\n"),
    "shortest": ("SCORE: 6.10000000000000000001", SCORE, ["0"], "6.1\n"),
    "no infinity": ("SCORE: 1e999", SCORE, ["0"], None),
    "no word for one": ("SCORE: infinity", SCORE, ["0"], None),
    "not a number": ("SCORE: nan", SCORE, ["", "9"], None),
    "nothing": ("SCORE: ", SCORE, ["0"], None),
    "other digits": ("SCORE: \u0667", SCORE, ["0"], None),
}  # fmt: skip

JSON = {
    "a bare object": ('{"s": 7}', "s", [], "7"),
    "a fenced one": ('So:\n```json\n{"s": "good"}\n```\nBye', "s", [], "good"),
    "the last one": ('{"s": 1} or rather {"s": 2} {', "s", [], "2"),
    "the last one, though it has no such name": ('{"s": 1} {"t": 2}', "s", [], None),
    "a nested one is part of the outer one": ('{"s": 1, "x": {"s": 2}}', "s", [], "1"),
    "a path": ('{"a": {"b": {"c": 7.5}}}', "a.b.c", ["0"], "7.5\n"),
    "a place in a list": ('{"a": [1, {"b": 2}]}', "a.1.b", [], "2"),
    "a name of digits": ('{"a": {"1": "x"}}', "a.1", [], "x"),
    "no such place": ('{"a": [1]}', "a.1", [], None),
    "a name in a list": ('{"a": [1]}', "a.b", [], None),
    "a path beyond a number": ('{"a": 1}', "a.b", [], None),
    "a name with a blank": ('{"the score": 7}', "the score", [], "7"),
    "a name in other letters": ('{"\\u0073": 7}', "s", [], "7"),
    "the last of two names": ('{"s": 1, "s": 2}', "s", [], "2"),
    "braces in strings": ('{"t": "}{\\"{", "s": 7} }', "s", [], "7"),
    "an object in a string of no object": ('"{"s": 7}', "s", [], "7"),
    "an object in an unfinished one": ('{"t": 1, "x": {"s": 7}, ', "s", [], "7"),
    "a comma too much": ('{"s": 1} {"s": 2,}', "s", [], "1"),
    "a constant that is none": ('{"s": 1} {"s": NaN}', "s", [], "1"),
    "a line break in a string": ('{"s": 1} {"s": "a\nb"}', "s", [], "1"),
    "null": ('{"s": null}', "s", [], None),
    "true": ('{"s": true}', "s", [], "true"),
    "true is no number": ('{"s": true}', "s", ["0"], None),
    "a list": ('{"s": [1, "x"]}', "s", [], '[1,"x"]'),
    "a number in a string": ('{"s": " 8,5/10 "}', "s", ["0", "10"], "8.5\n"),
    "an exponent": ('{"s": 1e-7}', "s", ["0"], "0.0000001\n"),
    "no-break spaces": (f'{{{NO_BREAK}"s": "{NO_BREAK}8\\u00a0"}}', "s", ["0"],
                        "8.0\n"),
    "half a character": ('{"s": "a\\ud83d", "t": "\\\\ud83d"}', "s", [], "a\ufffd"),
    "a whole one": ('{"s": "\\ud83d\\ude00"}', "s", [], "\U0001f600"),
    "a NUL": ('\0{"s": "a\\u0000b"}', "s", [], "a\0b"),
    "a number too large for a double": ('{"x": 1e999, "s": 7}', "s", ["0"], "7.0\n"),
    "no object": ("[1, 2] {x}", "s", [], None),
    "an empty text": ("", "s", [], None),
    "a path with blanks around it": ('{"s": 7}', " s ", [], "7"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "pattern", "bounds", "found"), REGEX.values(), ids=REGEX
)
def test_regex(
    tmp_path: Path, text: str, pattern: str, bounds: list[str], found: str | None
) -> None:
    assert parsed(tmp_path, "regex", pattern, text, *bounds) == found


@pytest.mark.parametrize(("text", "path", "bounds", "found"), JSON.values(), ids=JSON)
def test_json(
    tmp_path: Path, text: str, path: str, bounds: list[str], found: str | None
) -> None:
    assert parsed(tmp_path, "json", path, text, *bounds) == found


def test_without_the_table_there_are_the_built_in_parsers(tmp_path: Path) -> None:
    parsers = parser_for(open_layout(tmp_path))
    assert parsers.names == frozenset(PARSERS)
    assert parsers.parse(None, " as it is ") == " as it is "
    assert parsers.parse("identity", "é") == "é"
    assert parsers.parse("essay_block", "<essay>\nx\n</essay>") == "x"
    assert parsers.parse("in_last_line", "**SCORE: 8.5**\n\n") == "8.5\n"
    assert parsers.parse("in_last_line", "nothing") is None


def test_own_parsers_stand_beside_the_built_in_ones(tmp_path: Path) -> None:
    parsers = own(tmp_path, ["a", "regex", "(x)", "", ""], ["b", "json", "s", "", "9"])
    assert parsers.names == {*PARSERS, "a", "b"}
    assert parsers.parse("in_last_line", "SCORE: 7") == "7.0\n"
    assert parsers.parse("a", "x") == "x"
    assert parsers.parse("b", '{"s": 3}') == "3.0\n"


def test_a_table_without_rows_or_bounds_is_enough(tmp_path: Path) -> None:
    assert own(tmp_path).names == frozenset(PARSERS)
    assert own(tmp_path, header=["x"]).names == frozenset(PARSERS)
    parsers = own(tmp_path, ["(x)", "a", "regex"], header=["pattern", "parser", "kind"])
    assert parsers.parse("a", "x") == "x"


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with some own parsers."""
    root = tmp_path_factory.mktemp("described")
    own(root, *OWN_PARSERS.values(), header=OWN_COLUMNS)
    return root


def test_own_parsers_equal_the_oracle(described: Path) -> None:
    parsers = parser_for(open_layout(described))
    wanted = oracle.read_own_parsers(described)

    @settings(max_examples=40)
    @given(text=st.one_of(SCORE_TEXTS, JSON_TEXTS))
    def compare(text: str) -> None:
        for name, each in wanted.items():
            assert parsers.parse(name, text) == each.parse(text), name

    compare()


# The last JSON object ----------------------------------------------------------------

PIECES = [
    "{", "}", "[", "]", '"', ":", ",", "1", "a", " ", "\n", "\\", '{"a":', '"b":1',
    "{}", '{"x":"y"}', '\\"', "null", "-0", "1e5", "01", '"k":"v",', "\\u12", "é",
    "\x01",
]  # fmt: skip


@given(text=st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
@example('{"a":[{"b":1},{"c":2}')
@example('{"{":{"a":{"":1}')
def test_the_last_object_is_that_of_a_reader_from_the_left(text: str) -> None:
    found = last_object(text.encode())
    assert (None if found is None else json.loads(found)) == oracle.last_object(text)


HOSTILE = {
    "opened": '{"a":' * MANY,
    "opened, with a string between": '{"a":"}",' * MANY,
    "opened, then a member": '{"a":{},"b":' * MANY,
    "opened in two ways": '{"{":' * MANY,
    "opened as key and string": '{"{":{":":' * MANY,
    "opened lists": '{"a":' + "[" * MANY,
    "braces": "{" * MANY,
    "quotes": '{"' * MANY,
    "blanks": "{ " * MANY,
    "one string": '{"' + "x" * MANY,
    "escapes": '{"' + '\\"{' * MANY,
    "backslashes": '{"' + "\\" * MANY,
    "digits": '{"a":' + "1" * MANY,
    "closed": "}" * MANY,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_text_is_read_once_whatever_is_in_it(text: str) -> None:
    """Reading each candidate to the text's end would take hours."""
    assert last_object(text.encode()) in (None, b"{}")
    good = f'{{"s": 7}} {text}'
    assert last_object(good.encode()) in (b'{"s": 7}', b"{}")


def test_no_nesting_is_too_deep(tmp_path: Path) -> None:
    depth = 100 * sys.getrecursionlimit()
    text = '{"s": 7, "a":' + "[" * depth + "]" * depth + "}"
    assert parsed(tmp_path, "json", "s", text, "0") == "7.0\n"
    text = '{"a":' * depth + '{"s": 8}' + "}" * depth
    assert parsed(tmp_path, "json", "a.a", text) is not None


# What is refused ---------------------------------------------------------------------


def test_all_faults_are_told_with_their_rows(tmp_path: Path) -> None:
    with pytest.raises(TableRefusedError) as refusal:
        own(
            tmp_path,
            ["good", "regex", "(a+)+$", "", ""],
            ["twice", "regex", "(a)", "", ""],
            ["twice", "json", "a", "", ""],
            ["identity", "json", "a", "", ""],
            ["", "xml", "", "low", "9"],
            ["broken", "regex", "(a", "3", "2"],
        )
    assert str(refusal.value).split("\n") == [
        "1_raw/parsers.csv: parsers that cannot be used",
        '  row 2, "twice": the name occurs 2 times: keep one',
        '  row 3, "twice": the name occurs 2 times: keep one',
        '  row 4, "identity": the name is that of a built-in parser: choose another',
        '  row 5: it has no name; kind "xml" is not known: write regex or json; it has '
        'no pattern; minimum "low" is not a number',
        '  row 6, "broken": RE2 does not take the pattern "(a" (it has no look-around '
        "and no backreferences); the minimum is greater than the maximum",
        "mend these rows, or take them out, then run again",
    ]


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a)\1", "(?=a)(a)", "(a)(?!b)", "(?<=a)(b)", "(?>a)(b)", "(a)++", "(a",
        "a)", "[(]", "a", "(?:a)", "(a)(b)", "((a))", "(?P<x>a)(b)", r"(\C)",
        r"\\\C(a)",
        "(a{1001})", "((((a{100}){100}){100}){100})", "(a)|b)", "*(a)", "(a)\\",
        r"(\p{Nothing})", "", " ",
    ],
)  # fmt: skip
def test_patterns_that_are_refused(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(TableRefusedError, match='row 2, "odd"'):
        own(tmp_path, ["x", "regex", "(x)", "", ""], ["odd", "regex", pattern, "", ""])


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$", "(a|aa)+$", "(.*.*.*=.*)", "((?:a?){50}a{50})", "(?:(?:a*)*)*(b)",
        r"([\s\S]*)x", "(x+x+)+y", r"\\C(a)", r"\Q(a\E(b)", "(?i)(a)", "(?s:(.*))",
        "[(](a)", "'(a)'; --",
    ],
)  # fmt: skip
@pytest.mark.parametrize("text", ["a" * 50_000 + "!", "x" * 50_000, "(ab", ""])
def test_what_is_slow_elsewhere_is_taken(
    tmp_path: Path, pattern: str, text: str
) -> None:
    """RE2 takes time in proportion to the text; backtracking would take years."""
    found = parsed(tmp_path, "regex", pattern, text)
    assert found is None or found in text


@pytest.mark.parametrize(
    "path", ["", "a..b", ".a", "a.", "$.a", "a[0]", 'a."b"', "*", "."]
)
def test_paths_that_are_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(TableRefusedError, match='row 1, "odd"'):
        own(tmp_path, ["odd", "json", path, "", ""])


@pytest.mark.parametrize(
    "name", ["in_last_line", " identity ", "a b", ".a", "é", "a'b", "a/b"]
)
def test_names_that_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(TableRefusedError, match="row 1"):
        own(tmp_path, [name, "json", "a", "", ""])


@pytest.mark.parametrize(
    "bound", ["low", "nan", "inf", "1e999", "8/10", "--1", "1 000"]
)
def test_bounds_that_are_refused(tmp_path: Path, bound: str) -> None:
    with pytest.raises(TableRefusedError, match=r"row 1.* is not a number"):
        own(tmp_path, ["odd", "json", "a", bound, ""])
    with pytest.raises(TableRefusedError, match=r"row 1.* is not a number"):
        own(tmp_path, ["odd", "json", "a", "", bound])


def test_builds_cohorts_and_programs_read_the_same_columns() -> None:
    files = ["models/staging/_sources.yml", "models/cohorts/staging/_sources.yml"]
    described = [
        table["config"]["meta"]
        for file in files
        for source in yaml.safe_load((REPOSITORY / file).read_text())["sources"]
        for table in source["tables"]
        if table["name"] == "parsers"
    ]
    assert len(described) == len(files)
    for meta in described:
        assert tuple(meta["columns"]) == parsing.OWN_COLUMNS
        assert meta["required"] == [[name] for name in parsing.OWN_COLUMNS[:3]]
        assert meta["file"] == "1_raw/parsers.csv"


def test_a_table_that_is_not_well_formed_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "1_raw/parsers.csv", "parser,kind,pattern\na,regex\n")
    with pytest.raises(TableRefusedError, match=r"parsers\.csv"):
        parser_for(open_layout(tmp_path))
    with pytest.raises(TableRefusedError, match="'Minimum' is not 'minimum'"):
        own(tmp_path, header=["parser", "kind", "pattern", "Minimum"])
    with pytest.raises(TableRefusedError, match="pattern"):
        own(tmp_path, ["a", "regex"], header=["parser", "kind"])


def test_a_table_outside_of_the_root_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "parsers.csv", "parser,kind,pattern\na,regex,(x)\n")
    (tmp_path / "root/1_raw").mkdir(parents=True)
    (tmp_path / "root/1_raw/parsers.csv").symlink_to(tmp_path / "parsers.csv")
    with pytest.raises(DataRootError, match=r"parsers\.csv"):
        parser_for(open_layout(tmp_path / "root"))


# The same in a build and in a cohort -------------------------------------------------


def write_drafts(root: Path) -> None:
    write(
        root,
        "7_cross_experiment/draft_generation_results.csv",
        "draft_task_id,combo_id,draft_template,generation_model,generation_status,"
        "generation_timestamp,response_file\nd1,c,t,m,success,2025-01-02,x.txt\n",
    )
    write(root, "3_generation/x.txt", "SCORE: 3\nSCORE: 8,5/10\n")
    write(root, "1_raw/draft_templates.csv", "template_id,parser\nt,mine\n")


def test_a_build_parses_as_the_tables_say(models: Models, tmp_path: Path) -> None:
    write_drafts(tmp_path)
    parsers = own(tmp_path, ["mine", "regex", SCORE, "0", "10"])
    built = models.build(tmp_path)
    assert built.parser_sql == parsers.expression
    assert [(row["parser"], row["status"]) for row in built.documents] == [
        ("mine", "ok")
    ]
    assert built.files[0]["parsed_text"] == "8.5\n"


def test_a_changed_pattern_is_another_expression(
    models: Models, tmp_path: Path
) -> None:
    """So known facts, which are kept for an expression, are found out anew."""
    write_drafts(tmp_path)
    own(tmp_path, ["mine", "regex", SCORE, "0", "10"])
    first = models.build(tmp_path)
    own(tmp_path, ["mine", "regex", "SCORE: (3)", "0", "10"])
    second = models.build(tmp_path)
    assert first.parser_sql != second.parser_sql
    assert second.files[0]["parsed_text"] == "3.0\n"


def test_a_build_stops_at_a_faulty_row(models: Models, tmp_path: Path) -> None:
    write_drafts(tmp_path)
    rows = [["mine", "regex", "(a", "", ""], ["b", "regex", "a", "", ""]]
    with pytest.raises(TableRefusedError) as refusal:
        own(tmp_path, *rows)
    with pytest.raises(Exception, match='row 1, "mine"') as stop:
        models.build(tmp_path)
    assert str(refusal.value) in str(stop.value)


def findings(root: Path) -> list[tuple[str, str]]:
    found = verify(open_layout(root), VerifyOptions(share=1.0), nothing).findings
    return [(finding.code, finding.detail) for finding in found]


def nothing(done: int, total: int) -> None:
    """Show no progress."""


@pytest.mark.slow
def test_documents_stay_whatever_becomes_of_their_parser(
    models: Models, tmp_path: Path
) -> None:
    write_drafts(tmp_path)
    own(tmp_path, ["mine", "regex", SCORE, "0", "10"])
    models.write_build(tmp_path)
    good(materialize(tmp_path))
    assert findings(tmp_path) == []
    [document] = documents(tmp_path)
    path = tmp_path / "docs" / document["doc_dir"] / "parsed.txt"
    assert (document["parser"], path.read_text()) == ("mine", "8.5\n")

    path.unlink()
    layout, options = open_layout(tmp_path), RestoreOptions(apply=True)
    assert restore(layout, options, nothing).unrestorable == 0
    assert path.read_text() == "8.5\n"

    own(tmp_path, ["mine", "regex", "SCORE: (3)", "0", "10"])
    assert findings(tmp_path) == [
        ("parsed_differs", "the parser mine makes another text")
    ]
    [told] = restore(layout, options, nothing).found
    assert "perhaps its row in 1_raw/parsers.csv has changed" in (told.problem or "")
    assert (told.missing, told.damaged, path.read_text()) == ([], [], "8.5\n")

    models.write_build(tmp_path)
    good(materialize(tmp_path))
    assert documents(tmp_path) == [document]
    assert path.read_text() == "8.5\n"

    own(tmp_path)
    assert findings(tmp_path) == [
        (
            "parser_unknown",
            "the parser mine is neither built in nor in 1_raw/parsers.csv",
        )
    ]
    path.unlink()
    [told] = restore(layout, options, nothing).found
    assert told.problem == "its parser mine is not in 1_raw/parsers.csv"


def test_a_program_may_name_an_own_parser(tmp_path: Path) -> None:
    new = NewDocument(
        stage="draft", task_id="d", template_id="t", model_id="m", attempt_id="1",
        timestamp="2025-06-01", combo_id="c", raw="<x>", parser="mine", parsed="x",
    )  # fmt: skip
    writer = Writer(tmp_path, run_id="r")
    with pytest.raises(DocumentRefusedError, match="parser 'mine' is none of"):
        writer.add(new)
    own(tmp_path, ["mine", "regex", "<(.)>", "", ""])
    assert writer.add(new).parser == "mine"
    assert findings(tmp_path) == []
    (tmp_path / "1_raw/parsers.csv").write_bytes(b"parser\n\xff\n")
    with pytest.raises(DocumentRefusedError, match=r"parsers\.csv cannot be read"):
        writer.add(replace(new, attempt_id="2"))


def test_a_cohort_tells_faults_of_parsers_with_the_others(
    cohort_models: CohortModels, tmp_path: Path
) -> None:
    root = campaign_root(tmp_path)
    tables(
        root,
        evaluation_templates=["template_id,parser", "novelty,mine", "novelty,mine"],
        parsers=["parser,kind,pattern", "mine,regex,(a", "b,regex,a"],
    )
    found = cohort_models.build(root, "here").faults
    faults = [(row["subject"], row["fault"].partition(":")[0]) for row in found]
    assert faults == [
        ("1_raw/evaluation_templates.csv", 'lists template "novelty" 2 times'),
        ("1_raw/parsers.csv", 'row 1, "mine"'),
        ("1_raw/parsers.csv", 'row 2, "b"'),
    ]


def test_a_cohort_parses_by_own_parsers(tmp_path: Path) -> None:
    root = cohort(tmp_path)
    tables(
        root,
        evaluation_templates=["template_id,parser", "novelty,mine"],
        parsers=["parser,kind,pattern,minimum,maximum", "mine,json,scores.novelty,,10"],
    )
    generation(root, "evaluation", "v_e1", raw='So {"scores": {"novelty": "8,5/10"}}')
    generation(root, "evaluation", "v_e2", raw='So {"scores": {"novelty": 11}}')
    campaign = open_campaign(open_layout(root), "here")
    assert evaluation_parsed(campaign, "v_e1") == "8.5\n"
    assert (root / "gens/evaluation/v_e1/parsed.txt").read_text() == "8.5\n"
    with pytest.raises(UnusableAnswerError):
        evaluation_parsed(campaign, "v_e2")
