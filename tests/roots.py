"""Make random small data roots that are hard to get right, for Hypothesis.

``data_roots()`` draws a plain description, ``write_root`` puts it on disk. A root is
never refused: its tables are well-formed and no attempt uses an unknown parser. Values
come from small pools, so that they collide: ties, repeats, re-runs, later drafts and
missing files are the rule. The oddest choices stand last in their pools, because
Hypothesis shrinks towards the first.
"""

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import strategies as st

Cells = dict[str, str]
"""One row by meaning, before the columns of its table are chosen."""

MAX_RESPONSE_BYTES = 2000
ROOT_MARK = "@ROOT@"
"""Stands in a cell for the absolute path of the data root."""

RESULTS = {
    "draft": "draft_generation_results.csv",
    "link": "link_generation_results.csv",
    "essay": "essay_generation_results.csv",
    "evaluation": "evaluation_results.csv",
}


@dataclass(frozen=True)
class Style:
    """How a table is written as CSV."""

    newline: str = "\n"
    bom: bool = False
    quote_all: bool = False
    blank_lines: bool = False
    final_newline: bool = True


@dataclass(frozen=True)
class Table:
    """A CSV file: the header, the rows in file order, and the style."""

    header: list[str]
    rows: list[list[str]]
    style: Style


@dataclass(frozen=True)
class DataRoot:
    """A data root; all paths are relative to it, symlink targets to the link.

    A source that is missing from ``tables`` or ``templates`` has no such file.
    """

    tables: dict[str, Table]
    templates: dict[str, Table]
    files: dict[str, bytes]
    symlinks: dict[str, str]
    fifos: list[str]
    evaluation_root: str = "3_generation"
    max_response_bytes: int = MAX_RESPONSE_BYTES
    own_parsers: Table | None = None


# Values ------------------------------------------------------------------------------

BLANK = ["", " ", "\t", "\n", " \r\n "]
TASKS = ["t1", "t2", "t3"]
ODD_TASKS = [
    " t1", "t1 ", "T1", "\u00a0", "#t1", "t|1", "t,1", 't"1"', "t'1", "t\n1", "t\r\n1",
    "t\r1", "'); drop table documents; --", "{{ t1 }}", "$1", "%s", "\\N", "NULL",
    "007", "1e5", "true", "..", "t1:2025-01-02:1", "\U0001f600", "\u00e9", "e\u0301",
    "\x1f",
]  # fmt: skip
COMBOS = ["c1", "c1", "c2"]
ODD_COMBOS = [
    " c1 ",
    "c1\t",
    "\r\nc2",
    "C1",
    "c1\u00a0",
    "c1|block",
    "c,1",
    "#c1",
    "c\n1",
]
MODELS = ["m1", "m1", "m1", "m2"]
ODD_MODELS = ["m1 ", "\tm2", "M1", "x/m1:free", 'm"1', "m|1", "m\u2028"]
PARSERS = {
    "plain": "",
    "idea": "essay_idea_last",
    "block": "essay_block",
    "lenient": "essay_block_lenient",
    "score": "in_last_line",
    "same": "identity",
}
ODD_TEMPLATES = [
    " idea ",
    "block\n",
    "IDEA",
    "other",
    "block|m",
    "score\u00a0",
    "unknown",
]
OWN_COLUMNS = ["kind", "minimum", "parser", "maximum", "pattern", "description"]
OWN_PARSERS = {  # 1_raw/parsers.csv, by the template that names the parser
    "own score": ["regex", "0", " own_score ", "10", "SCORE:? *([^\n|]*)", "a number"],
    "own word": ["Regex", "", "own-word", "", "([a-z]+)(?: |\n)", ""],
    "own field": ["json", "", "own.field", "10", " scores.novelty ", ""],
    "own note": ["json", "", "own_note", "", "notes.1", "a text"],
}
UNKNOWN = "unknown"  # names a parser that does not exist, so only failed rows use it
STATUSES = ["success"]
ODD_STATUSES = [
    "SUCCESS", "Success", " success\t", "sUcCeSs\n", "failed", "Failed", "", "  ",
    "success.", "ok", "succes", "success\u00a0",
]  # fmt: skip
INSTANTS = [
    datetime(2025, 1, 2),
    datetime(2025, 1, 2, 0, 0, 0, 1),
    datetime(2025, 1, 2, 0, 30),
    datetime(2025, 1, 2, 0, 30, 15, 250000),
    datetime(2025, 1, 1, 23, 59, 59, 999999),
]
ODD_INSTANTS = [
    datetime(2024, 2, 29, 12),
    datetime(1969, 12, 31, 23, 59, 59, 999999),
    datetime(1, 1, 1),
    datetime(9999, 12, 31, 23, 59, 59, 999999),
]
ZONES = [
    "Z", "+00:00", "-00:00", "+01:00", "-0500", "+05:30", "-2359", "+23:59", "z", "UTC",
    "GMT", "+02", "-23",
]  # fmt: skip
INVALID_TIMESTAMPS = [
    "2025-02-30", "2025-02-29T00:00", "2025-13-01", "2025-00-10", "2025-01-02T24:00",
    "2025-01-02T00:60", "2025-01-02T00:00:60", "infinity", "-infinity", "epoch", "now",
    "today", "0000-01-01", "10000-01-01", "-2025-01-02", "2025-1-2", "20250102",
    "1735776000", "2025-01-02T00", "2025-01-02T0000", "2025-01-02T00:00+24:00",
    "2025-01-02T00:00+01:60", "2025-01-02T00:00+1", "2025-01-02T00:00  Z",
    "20250102t0000", "2025-01-02T00:00utc", "2025-01-02  00:00", "2025-01-02T",
    "2025-01-02T00:00:00.", "20250102 0000", "2025-01-02T00:00:00.0123456789",
    "2025-01-02T00:00.5", "0001-01-01T00:00+00:01", "9999-12-31T23:59:59-00:01",
    "2025-01-02 00:00:00 CET", "2025-01-02 (BC)", "2025-01-02\u00a0", "2025/01/02",
    "\u0662\u0660\u0662\u0665-01-02", "2025-01-0\uff12", "2025-01-02T00:00\u221201:00",
    "20250102T00:00", "20250102T0000.5", "20250102T", "0000-12-31T23:00-02:00",
]  # fmt: skip
"""None of these is a timestamp of section 2."""

DATES_WITH_OFFSET = [
    "2025-01-02Z", "2025-01-02+01:00", "2025-01-02-0500", "2025-01-02 UTC",
    "2025-01-02-05",
]  # fmt: skip
"""Allowed by the wording of section 2, though ISO 8601 has no such form."""

# Response files ----------------------------------------------------------------------

OWN_PATHS = {
    "draft": [f"draft_responses/{kind}.txt" for kind in ("essay", "idea", "score")],
    "link": [
        f"links_responses/{name}" for name in ("essay.txt", "idea.txt", "s/score")
    ],
    "essay": [f"essay_responses/{kind}.txt" for kind in ("essay", "idea", "score")],
    "evaluation": [
        f"evaluation_responses/{kind}" for kind in ("essay", "idea", "score")
    ],
}
"""The usual files of each source: one for the essay parsers, for ideas, for scores."""

VARIANTS = [
    "{d}/no-such.txt", "./{p}", "{d}//{f}", "{d}/../{p}", "nowhere/../{p}", " {p}\t",
    "\u00a0{p}", "{p}/", "{p}/.", "{p}/../{f}", "{d}", "{d}/", "/{p}", "../{p}",
    "../3_generation/{p}", ROOT_MARK + "/3_generation/{p}", "odd/../{p}",
    "odd/twin/{p}", "{p}\n", "odd/./../{p}",
]  # fmt: skip
"""Other ways to write a path {p} in the folder {d} with the name {f}."""

ODD_FILES = {
    "br[1].txt": b"brackets", "br1.txt": b"no brackets", "st*r.txt": b"star",
    "star.txt": b"no star", "wh?.txt": b"question mark", "{a,b}.txt": b"braces",
    " lead.txt": b"lead", "na\u00efve.txt": b"composed",
    "nai\u0308ve.txt": b"decomposed", "new\nline.txt": b"line break",
    'quo"te.txt': b"quote", "com,ma.txt": b"comma",
    "it's.txt": b"apostrophe", "%41.txt": b"percent", "back\\slash.txt": b"backslash",
    "#.txt": b"hash", "$HOME": b"dollar", "~": b"tilde", "deep/x.txt": b"deep",
    "deep/down/y.txt": b"deeper", "x.txt": b"shallow", "empty.txt": b"",
    "full.txt": b"f" * MAX_RESPONSE_BYTES,
    "over.txt": b"o" * (MAX_RESPONSE_BYTES + 3),
    "wide.txt": "\u00e9".encode() * (MAX_RESPONSE_BYTES // 2 + 1),
    "latin.txt": "caf\u00e9".encode("latin-1"), "cut.txt": b"cut \xe2\x82",
    "half.txt": b"\xed\xa0\x80", "long.txt": b"\xc0\xaf",
    "high.txt": b"\xf4\x90\x80\x80", "nul.txt": b"a\x00b",
    "bom.txt": b"\xef\xbb\xbf<essay>bom</essay>",
    "cr.txt": b"one\rtwo\r\nthree\r",
    "lines.txt": "\x85\u2028\u2029\x0b\x0c\n".encode(),
}  # fmt: skip
ODD_LINKS = {
    "in.txt": "../odd/br1.txt", "chain.txt": "in.txt", "none.txt": "no-such.txt",
    "out.txt": "../../../outside/o.txt", "loop.txt": "loop.txt", "twin": "..",
    "step": "deep/down", "away": "../../../outside",
    "near.txt": "../../3_generation_old/n.txt",
}  # fmt: skip
ODD_PATHS = [
    *(f"odd/{name}" for name in [*ODD_FILES, *ODD_LINKS]),
    "odd/step/../x.txt", "odd/step/y.txt", "odd/away/o.txt", "odd/deep/../x.txt",
    "odd/step/../../x.txt", "odd/BR1.TXT", "odd/br*.txt", "odd/pipe",
    "odd/" + "n" * 300, "../3_generation_old/n.txt", "../../outside/o.txt", ".", "..",
    "odd/*", "links_responses_old/idea.txt", "./links_responses/./s//score",
    "links_responses/../draft_responses/idea.txt", "links_responses/alias.txt",
    "links_prompts/idea.txt",
]  # fmt: skip

# Texts, for the parsers --------------------------------------------------------------

PLAIN = ["plain", "", "two\nlines\n", "\u00e9\U0001f600", " \t", "a\r\nb", "\ufeffmark"]
IDEA_TAGS = [
    "<essay-idea>", '<essay-idea stage="1">', '<essay-idea stage="2">',
    '<essay-idea id="x" stage="10">', '<essay-idea\tstage="010">', "<essay-idea >",
    '<essay-idea stage="x" stage="7">', '<essay-idea substage="9">', "<ESSAY-IDEA>",
    '<essay-idea STAGE="9">', "<essay-idea stage='9'>", "<essay-ideas>",
    '<essay-idea stage="\u0669">', '<essay-idea stage="18446744073709551617">',
    '<essay-idea stage="018446744073709551618">', '<essay-idea\nstage="9">',
]  # fmt: skip
IDEA_BODIES = [
    "one", "two\nlines", "", " kept ", "<essay-idea>\nnested", "in </essay-idea> line",
    '\n<essay-idea stage="3">\n', "\r", "\U0001f600",
]  # fmt: skip
FRAGMENTS = [
    "<essay>", "</essay>", "text", "\n", " ", "<ESSAY>", "</Essay>", "<thinking>",
    "</thinking>", '<thinking mode="x">', "<THINKING\n>", "</Thinking>", "<thinkings>",
    "<essay >", "< essay>", "\t", "\r\n", "\u00a0", "\u00e9", "\U0001f600",
]  # fmt: skip
SCORE_PREFIXES = ["", "**", "### ", " \t", "*", "Final ", "#* ", "> "]
SCORE_WORDS = ["SCORE", "Score", "score", "**SCORE**", "TOTAL SCORE", "SCORES"]
SCORE_MARKS = [": ", ":", " ", ":\t", ":  ", "\t", "", " : ", "=", ":\u00a0", ":** "]
SCORE_NUMBERS = [
    "7", "7.5", "0", "9", "9.0", "9.5", "10", "-1", "-0", "-0.0", "7, 8, 9", "7 8 8",
    "788", "7,8,9", "9,\t9 9", "7,  8, 9", "1000", "7.", ".5", "7.50", "0.00001",
    "0.000000123", "8.9999999999999999999", "9.00000000000000000001",
    "3.141592653589793", "0.1", "4.35", "0." + "0" * 330 + "1", "-" + "9" * 320, "0007",
    "7/9", "\u0667", "N/A", "9.0000000000000018", "2.5000000000000001",
    "1.7976931348623157",
]  # fmt: skip
SCORE_SUFFIXES = ["", "**", " ", "\r", " out of 9", "/9", ".", " SCORE: 3", "*", "\t|"]
FILLERS = ["because", "", "  ", "---", "**", "#", "SCORE", "\x0b", "* *", "\u2028"]


def mostly(
    common: Sequence[str], rare: Sequence[str], odds: int
) -> st.SearchStrategy[str]:
    """Draw from ``common``, and once in ``odds`` times from ``rare``."""
    copies = max(1, (odds - 1) * len(rare) // len(common))
    return st.sampled_from([*list(common) * copies, *rare])


FRAGMENT_TEXTS = st.lists(st.sampled_from(FRAGMENTS), max_size=6).map("".join)
ESSAY_TEXTS = st.tuples(
    FRAGMENT_TEXTS, st.sampled_from(["<essay>", "<ESSAY>", ""]), FRAGMENT_TEXTS
).map("".join)
LINE_ENDS = st.sampled_from(["\n", "\n", "\r\n"])
IDEA_TEXTS = st.lists(
    st.tuples(
        mostly(IDEA_TAGS[:5], IDEA_TAGS[5:], 2),
        LINE_ENDS,
        st.sampled_from(IDEA_BODIES),
        LINE_ENDS,
        st.sampled_from(["</essay-idea>"] * 4 + ["", "</ESSAY-IDEA>"]),
        st.sampled_from(["", "\n", "between"]),
    ).map("".join),
    max_size=5,
).map("".join)
SCORE_LINES = st.tuples(
    mostly(SCORE_PREFIXES[:4], SCORE_PREFIXES[4:], 4),
    mostly(SCORE_WORDS[:3], SCORE_WORDS[3:], 6),
    mostly(SCORE_MARKS[:3], SCORE_MARKS[3:], 3),
    st.sampled_from([*SCORE_NUMBERS[:4] * 3, *SCORE_NUMBERS]),
    mostly(SCORE_SUFFIXES[:2], SCORE_SUFFIXES[2:], 3),
).map("".join)
SCORE_TEXTS = st.builds(
    lambda lines, line_end: line_end.join(lines),
    st.lists(st.one_of(SCORE_LINES, st.sampled_from(FILLERS)), min_size=1, max_size=5),
    LINE_ENDS,
)
JSON_VALUES = st.sampled_from([
    "7", '"8,5/10"', '"\u00a09 \\u00a0"', "null", "true", "7.5", '"x"', '"\\ud83d"',
    "{}", "-1", '"{"', '[0, "}"]', '{"novelty": 3}', "NaN", "01", '"a\nb"',
])  # fmt: skip
JSON_TEXTS = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(['{"scores": {"novelty": ', '{"novelty": 1, "novelty":']),
            JSON_VALUES,
            st.sampled_from(["}}", "}", "}, }", '}, "x": []}', ' , "x": {"a": 1}}}']),
        ).map("".join),
        JSON_VALUES.map('{{"notes": ["a", {}]}}'.format),
        st.sampled_from(["```json\n", "\n```", "so {x", '"', "{", "}", " ", "\u00a0"]),
    ),
    max_size=5,
).map("".join)
PLAIN_TEXTS = st.sampled_from(PLAIN)
TEXTS = {
    "essay": ESSAY_TEXTS,
    "idea": IDEA_TEXTS,
    "score": st.one_of(SCORE_TEXTS, SCORE_TEXTS, JSON_TEXTS),
}

STYLES = st.builds(
    Style,
    newline=LINE_ENDS,
    bom=st.booleans(),
    quote_all=st.booleans(),
    blank_lines=st.booleans(),
    final_newline=st.booleans(),
)
EXTRA_COLUMNS = st.sampled_from([
    "response_size_bytes", "filename", "row_index", "source", "task_id", "template_id",
    "draft_task_id", "essay_task_id", "generation_model", "combo id", "#",
    "select", "column0", "a,b", 'quo"te', "two\nlines", "\u0446", "parser", "row_key",
])  # fmt: skip
EXTRA_VALUES = st.sampled_from(
    ["", "x", "12", "c1", 'say "hi"', "a,b", "a\nb", " ", "#"]
)


def written(
    instant: datetime, zone: str, separator: str, point: str, digits: int
) -> str:
    """Write an instant with its zone; -1 digits: no seconds, -2: the UTC date only.

    More than six digits do not change the instant, fewer may. The separator ``basic``
    makes the basic form. A zone may have a space before it.
    """
    if digits == -2:
        return instant.date().isoformat()
    offset = zone.strip()[1:].replace(":", "").ljust(4, "0")
    ahead = timedelta(0)
    if offset.isdigit():
        ahead = timedelta(hours=int(offset[:2]), minutes=int(offset[2:]))
    try:
        local = instant - ahead if zone.strip().startswith("-") else instant + ahead
    except OverflowError:
        local, zone = instant, ""
    day, clock = local.date().isoformat(), local.time().isoformat()[:8]
    clock = clock[:5] if digits == -1 else clock
    if separator == "basic":
        day, clock, separator = day.replace("-", ""), clock.replace(":", ""), "T"
    fraction = f"{point}{local.microsecond:06d}999"[: digits + 1] if digits > 0 else ""
    return f"{day}{separator}{clock}{fraction}{zone}"


VALID_TIMESTAMPS = st.builds(
    written,
    instant=st.sampled_from(INSTANTS * 4 + ODD_INSTANTS),
    zone=st.sampled_from([""] * 6 + ZONES + [f" {zone}" for zone in ZONES]),
    separator=st.sampled_from(["T", "T", " ", "t", "basic"]),
    point=st.sampled_from("..,"),
    digits=st.sampled_from([6, 6, 9, 0, 3, 7, -1, -2, 1, 2, 4, 5, 8]),
)
ODD_TIMESTAMPS = st.sampled_from(
    [*INVALID_TIMESTAMPS, *DATES_WITH_OFFSET, *BLANK, " 2025-01-02T00:00\t"]
)


TIMESTAMPS = st.sampled_from([True] * 10 + [False]).flatmap(
    lambda is_valid: VALID_TIMESTAMPS if is_valid else ODD_TIMESTAMPS
)


@st.composite
def response_paths(draw: st.DrawFn, source: str, template_id: str) -> str:
    """Draw a path cell: mostly the file of the source that suits the template."""
    if draw(st.sampled_from([False] * 6 + [True])):
        others = [*OWN_PATHS["link"], *OWN_PATHS["draft"]]
        return draw(st.sampled_from([*ODD_PATHS, *others, *BLANK]))
    own = draw(st.sampled_from(OWN_PATHS[source]))
    if draw(st.booleans()):
        suited = {"idea": 1, "score": 2}.get(template_id, 0)
        own = OWN_PATHS[source][suited]
    folder, _, name = own.partition("/")
    variant = draw(mostly(["{p}"], VARIANTS, 8))
    return variant.format(p=own, d=folder, f=name)


@st.composite
def cells(draw: st.DrawFn, source: str, earlier: list[Cells]) -> Cells:
    """Draw one row of a results table by meaning; ``earlier`` are those of others."""
    named = [row["task_id"] for row in earlier] + TASKS
    targets = st.sampled_from([*named * 3, *BLANK[:3] * len(named), *ODD_TASKS])
    usual = [*PARSERS, *OWN_PARSERS]
    template_id = draw(mostly(usual, [*ODD_TEMPLATES, *BLANK[:4]], 12))
    status = draw(mostly(STATUSES, ODD_STATUSES, 8))
    combo_odds = 3 if source == "evaluation" else 12
    return {
        "task_id": draw(mostly(TASKS, [*ODD_TASKS, *BLANK], 7)),
        "combo_id": draw(mostly(COMBOS, [*ODD_COMBOS, *BLANK], combo_odds)),
        "template_id": template_id,
        "model_id": draw(mostly(MODELS, [*ODD_MODELS, *BLANK[:4]], 14)),
        "status": "failed" if template_id == UNKNOWN else status,
        "timestamp": draw(TIMESTAMPS),
        "response_file": draw(response_paths(source, template_id)),
        "essay_task_id": draw(targets),
        "generation_task_id": draw(targets),
    }


@st.composite
def repeats(draw: st.DrawFn, row: Cells, other: Cells) -> Cells:
    """Draw a row that repeats another, exactly or with one value changed."""
    edits = [
        {},
        {"status": row["status"].swapcase()},
        {"combo_id": f" {row['combo_id']}\t"},
        {"task_id": row["task_id"] + " "},
        {"response_file": other["response_file"]},
        {"response_file": other["response_file"]},
        {"timestamp": other["timestamp"]},
        {"essay_task_id": other["essay_task_id"]},
        {"generation_task_id": other["generation_task_id"]},
    ]
    return row | draw(st.sampled_from(edits))


@st.composite
def results(draw: st.DrawFn, source: str, earlier: list[Cells]) -> list[Cells]:
    """Draw the rows of one results table; some repeat a row, links also a draft."""
    fewest = draw(st.sampled_from([0, 2, 4, 4, 4]))
    own_cells = cells(source, earlier)
    rows = draw(st.lists(own_cells, min_size=fewest, max_size=8))
    for _ in range(draw(st.integers(0, 2))):
        pool = [*rows, *earlier] if source == "link" else rows
        if pool:
            repeated = draw(repeats(draw(st.sampled_from(pool)), draw(own_cells)))
            rows.insert(draw(st.integers(0, len(rows))), repeated)
    return rows


@st.composite
def parser_rows(draw: st.DrawFn, with_own: bool) -> list[Cells]:
    """Draw the rows of a templates table; a later parser wins over an earlier one."""
    early = [
        ("idea", "no_such_parser"), ("plain", "identity"), ("block", "in_last_line"),
        ("", "no_such_parser"), (UNKNOWN, "essay_block"),
    ]  # fmt: skip
    late = [
        ("block", ""), ("block", " \t"), (" block ", "essay_block_lenient\t"),
        ("BLOCK", "identity"), ("IDEA", "identity"), ("score", "\tin_last_line "),
        ("plain", "in_last_line"), ("other", "essay_idea_last"), ("same", ""),
    ]  # fmt: skip
    names = [row[OWN_COLUMNS.index("parser")].strip() for row in OWN_PARSERS.values()]
    own = list(zip(OWN_PARSERS, names, strict=True))
    own += [("score", name) for name in draw(st.lists(st.sampled_from(names)))]
    rows = [
        *draw(st.lists(st.sampled_from(early), max_size=2)),
        *PARSERS.items(),
        *draw(st.lists(st.sampled_from(late), max_size=2)),
        *(own if with_own else []),
        (
            UNKNOWN,
            draw(st.sampled_from(["no_such_parser", "Essay_Block", "identity "])),
        ),
    ]
    return [{"template_id": template, "parser": parser} for template, parser in rows]


def columns_of(source: str) -> dict[str, list[str]]:
    """List the columns that may hold each meaning, the preferred one first."""
    step = "evaluation" if source == "evaluation" else "generation"
    columns = {
        "task_id": [f"{source}_task_id"],
        "combo_id": ["combo_id"],
        "template_id": [f"{source}_template_id", f"{source}_template"],
        "model_id": [f"{step}_model", f"{step}_model_name"],
        "status": [f"{step}_status"],
        "timestamp": [f"{step}_timestamp"],
        "response_file": ["response_file"],
    }
    if source == "evaluation":
        columns["template_id"].reverse()
        columns["response_file"] = [
            "eval_response_file", "evaluation_response_file", "response_file"
        ]  # fmt: skip
        columns |= {name: [name] for name in ("essay_task_id", "generation_task_id")}
    return columns


MAY_BE_MISSING = ("essay_task_id", "generation_task_id", "parser")


@st.composite
def headers(draw: st.DrawFn, columns: dict[str, list[str]]) -> dict[str, list[str]]:
    """Draw which columns a table has for each meaning: at least one if it must."""
    present = {}
    for meaning, names in columns.items():
        choices = [names[:1]] * 10 + [names[-1:]] * 2 + [names] * 8
        choices += [[]] if meaning in MAY_BE_MISSING else []
        present[meaning] = draw(st.sampled_from(choices))
    return present


@st.composite
def tables(draw: st.DrawFn, columns: dict[str, list[str]], rows: list[Cells]) -> Table:
    """Draw a table that holds the rows: its columns, their order, and its style."""
    present = draw(headers(columns))
    header = [name for names in present.values() for name in names]
    extras = []
    if len(header) > 1:
        known = {name.casefold() for names in columns.values() for name in names}
        drawn = draw(st.lists(EXTRA_COLUMNS, max_size=2, unique=True))
        extras = [name for name in drawn if name.casefold() not in known]
    records = []
    for row in rows:
        record = {name: draw(EXTRA_VALUES) for name in extras}
        for meaning, names in present.items():
            holder = draw(st.integers(0, len(names) - 1)) if len(names) > 1 else 0
            for position, name in enumerate(names):
                record[name] = row[meaning]
                if position < holder:
                    record[name] = draw(st.sampled_from(BLANK))
                if position > holder:
                    record[name] = draw(st.sampled_from(["", "plain", "x", " m1"]))
        records.append(record)
    order = [*header, *extras]
    if draw(st.booleans()):
        order = draw(st.permutations(order))
    return Table(
        order, [[record[name] for name in order] for record in records], draw(STYLES)
    )


@st.composite
def folders(
    draw: st.DrawFn, folder: str, with_odd: bool
) -> tuple[dict[str, bytes], dict[str, str]]:
    """Draw the files and symlinks of a folder that response paths are relative to."""
    files = {}
    links = {}
    for path in (path for paths in OWN_PATHS.values() for path in paths):
        kind = next(kind for kind in TEXTS if kind in path.partition("/")[2])
        if draw(st.sampled_from([True] * 9 + [False])):
            texts = draw(
                st.sampled_from([*[TEXTS[kind]] * 5, *TEXTS.values(), PLAIN_TEXTS])
            )
            files[path] = draw(texts).encode()
    for path in OWN_PATHS["link"]:
        prompt = path.replace("responses", "prompts")
        kind = draw(
            st.sampled_from(["text", "", "empty", "odd", "big", "out", "folder"])
        )
        if kind == "folder":
            files[f"{prompt}/inner.txt"] = b"inner"
        elif kind == "out":
            links[prompt] = "../" * (prompt.count("/") + 2) + "outside/o.txt"
        elif kind:
            size = MAX_RESPONSE_BYTES + 1
            contents = {
                "text": b"prompt\r\n",
                "empty": b"",
                "odd": b"\xff",
                "big": b"p" * size,
            }
            files[prompt] = contents[kind]
    if with_odd:
        files |= {f"odd/{name}": content for name, content in ODD_FILES.items()}
        files["links_responses_old/idea.txt"] = b"old"
        files["links_prompts/old/idea.txt"] = b"where a mere prefix would lead"
        links |= {f"odd/{name}": target for name, target in ODD_LINKS.items()}
        links["links_responses/alias.txt"] = "../odd/br1.txt"
        files["links_prompts/alias.txt"] = b"prompt of an alias"
    return (
        {f"{folder}/{path}": content for path, content in files.items()},
        {f"{folder}/{path}": target for path, target in links.items()},
    )


@st.composite
def data_roots(draw: st.DrawFn) -> DataRoot:
    """Draw a data root, as plain data."""
    missing = draw(st.sampled_from([""] * 12 + list(RESULTS)))
    results_tables = {}
    earlier: list[Cells] = []
    for source in RESULTS:
        rows = draw(results(source, earlier))
        earlier = [*earlier, *rows]
        if source != missing:
            results_tables[source] = draw(tables(columns_of(source), rows))
    columns = {"template_id": ["template_id"], "parser": ["parser"]}
    with_own = draw(st.booleans())
    own_rows = draw(st.permutations(list(OWN_PARSERS.values())))
    templates = {
        source: draw(tables(columns, draw(parser_rows(with_own))))
        for source in RESULTS
        if draw(st.integers(0, 9)) < 9
    }
    generation = draw(st.sampled_from(["3_generation"] * 5 + ["store"]))
    evaluation_root = draw(st.sampled_from(["3_generation"] * 4 + ["4_evaluation"]))
    all_rows = (row for table in results_tables.values() for row in table.rows)
    odd_prefixes = ("odd/", "old", "outside", "alias")
    with_odd = any(
        part in cell for row in all_rows for cell in row for part in odd_prefixes
    )
    files, symlinks = draw(folders(generation, with_odd))
    if evaluation_root != "3_generation":
        more_files, more_symlinks = draw(folders(evaluation_root, with_odd))
        files, symlinks = files | more_files, symlinks | more_symlinks
    if generation != "3_generation":
        symlinks["3_generation"] = generation
    if with_odd:
        files["3_generation_old/n.txt"] = b"a sibling whose name begins alike"
    return DataRoot(
        tables=results_tables,
        templates=templates,
        files=files,
        symlinks=symlinks,
        fifos=[f"{generation}/odd/pipe"] if with_odd else [],
        evaluation_root=evaluation_root,
        own_parsers=Table(OWN_COLUMNS, own_rows, draw(STYLES)) if with_own else None,
    )


def encode_field(value: str, style: Style, is_alone: bool) -> str:
    """Quote a value if it must be; an empty one alone in its line would be no row."""
    must = any(c in value for c in ',"\r\n') or (is_alone and not value)
    if must or style.quote_all:
        return '"' + value.replace('"', '""') + '"'
    return value


def encode_table(table: Table) -> bytes:
    """Write a table as CSV in its style."""
    style = table.style
    lines = [
        ",".join(encode_field(value, style, len(record) == 1) for value in record)
        for record in [table.header, *table.rows]
    ]
    text = (style.newline * (1 + style.blank_lines)).join(lines)
    mark = "\ufeff" if style.bom else ""
    return (mark + text + style.newline * style.final_newline).encode()


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def write_root(description: DataRoot, folder: Path) -> None:
    """Write a data root to ``folder``, and the folder ``outside`` next to it."""
    write_bytes(folder.parent / "outside" / "o.txt", b"outside")
    for path, content in description.files.items():
        write_bytes(folder / path, content)
    for path, target in description.symlinks.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).symlink_to(target)
    for path in description.fifos:
        os.mkfifo(folder / path)
    for source, table in description.tables.items():
        content = encode_table(table).replace(
            ROOT_MARK.encode(), bytes(folder.absolute())
        )
        write_bytes(folder / "7_cross_experiment" / RESULTS[source], content)
    for source, table in description.templates.items():
        write_bytes(folder / "1_raw" / f"{source}_templates.csv", encode_table(table))
    if description.own_parsers:
        table = description.own_parsers
        write_bytes(folder / "1_raw/parsers.csv", encode_table(table))


def split_table(root: Path, name: str, rows: int = 3) -> None:
    """Make a folder of a results table, with so many rows a file."""
    table = root / "7_cross_experiment" / f"{name}.csv"
    with table.open(newline="", encoding="utf-8") as file:
        header, *lines = list(csv.reader(file))
    table.unlink()
    folder = table.with_suffix("")
    folder.mkdir()
    for first in range(0, len(lines), rows):
        with (folder / f"{first:04}.csv").open(
            "w", newline="", encoding="utf-8"
        ) as file:
            csv.writer(file).writerows([header, *lines[first : first + rows]])
