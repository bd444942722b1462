"""What is a record of a file, what is none and why, and what a mapping takes of it."""

import random
from io import BytesIO
from pathlib import Path

import duckdb
import pytest
from history_roots import chosen, lines, mapped, table, tables, write_root

from docs_index.errors import TableRefusedError
from docs_index.warehouse.histories import json_stream
from docs_index.warehouse.histories.json_stream import read_parts
from docs_index.warehouse.histories.json_values import JsonReader, compact

TEXT = "  response: [optional, t]\n"


def positions(rows: list[dict[str, str | None]]) -> list[tuple[str | None, ...]]:
    """Return positions with the value or the fault."""
    return [(row["position"], row["fault"] or row["v1"]) for row in rows]


def test_a_line_that_is_no_record_spoils_no_other(tmp_path: Path) -> None:
    content = (
        b'\xef\xbb\xbf{"t":"first"}\r\n'
        b"\n"
        b'{"t":"\xff"}\n'
        b'{"t":"cut \\ud83c"}\n'
        b'{"t":"\\ud83c\\udf0a"}\n'
        b'{"t":"a","t":"b"}\n'
        b'["t"]\n'
        b'{"t":"a\\u0000b"}\n'
        b'{"t":"torn'
    )
    rows = mapped(tmp_path, TEXT, content, "a.jsonl")
    assert positions(rows) == [
        ("1", "first"),
        ("3", "it is not UTF-8 (byte 7 of the line)"),
        ("4", "it holds half of a surrogate pair, as of an emoji that was cut"),
        ("5", "\U0001f30a"),
        ("6", "it has the key 't' twice: which one counts cannot be known"),
        ("7", "it is no object"),
        ("8", "a\0b"),
        ("9", "it is not JSON: unterminated string at character 6"),
    ]


def test_what_is_nested_too_deeply_is_no_record(tmp_path: Path) -> None:
    deep = [f'{{"t":{"[" * depth}{"]" * depth}}}' for depth in (900, 100_000)]
    rows = mapped(tmp_path, TEXT, lines(*deep, {"t": "x"}), "a.jsonl")
    assert positions(rows) == [
        ("1", "it is nested too deeply"), ("2", "it is nested too deeply"), ("3", "x"),
    ]  # fmt: skip


NUMBERS = ["12345678901234567890123", "1e400", "0.10", "-0.0", "NaN", "1E5"]


def test_numbers_keep_their_text(tmp_path: Path) -> None:
    content = "".join(f'{{"t":{number},"u":[{number}]}}\n' for number in NUMBERS)
    rows = mapped(tmp_path, "  response: t\n  prompt: u\n", content, "a.jsonl")
    assert [row["v2"] for row in rows] == NUMBERS
    assert [row["v1"] for row in rows] == [f"[{number}]" for number in NUMBERS]


def test_what_is_kept_is_json(tmp_path: Path) -> None:
    content = lines('{"t":"x","k":NaN}', {"t": "é\n", "k": {"b": [1, None, True]}})
    keys = "  response: t\n  keep: {of: t, k: k}\n"
    rows = mapped(tmp_path, keys, content, "a.jsonl")
    assert chosen(rows, "v2", "v3") == [
        ('"x"', '"NaN"'),
        ('"é\\n"', '{"b":[1,null,true]}'),
    ]


def test_a_column_of_the_whole_name_wins_over_the_path(tmp_path: Path) -> None:
    content = lines({"a.b": "column", "a": {"b": "path"}}, {"a": {"b": "path"}})
    rows = mapped(tmp_path, "  response: a.b\n", content, "a.jsonl")
    assert chosen(rows, "v1") == [("column",), ("path",)]


def test_a_path_goes_into_lists_and_into_texts_that_are_json(tmp_path: Path) -> None:
    content = lines({"a": [{"b": 1.50}, [2]]}, {"a": '[{"b": 3}, [4]]'}, {"a": "no"})
    keys = "  response: a[0].b\n  prompt: a[1][0]\n  score: a[2]\n"
    rows = mapped(tmp_path, keys, content, "a.jsonl")
    assert chosen(rows, "v2", "v1", "v3") == [
        ("1.5", "2", None), ("3", "4", None), (None, None, None),
    ]  # fmt: skip


def test_each_element_of_a_list_is_a_record(tmp_path: Path) -> None:
    content = lines(
        {"n": "a", "l": [{"x": "1"}, {"x": "2"}]}, {"n": "b", "l": []}, {"n": "c"}
    )
    keys = "  each: l\n  id: [n, '#', '#-1']\n  response: .x\n  keep: [.]\n"
    rows = mapped(tmp_path, keys, content, "a.jsonl")
    assert chosen(rows, "position", "place", "v1", "v2", "v3", "v4", "v5") == [
        ("1.1", 1, "a", "1", None, "1", '{"x":"1"}'),
        ("1.2", 2, "a", "2", "1", "2", '{"x":"2"}'),
        ("2", 3, "b", None, None, None, None),
        ("3", 4, "c", None, None, None, None),
    ]


def test_a_judgement_without_elements_is_dropped(tmp_path: Path) -> None:
    content = lines({"l": []}, {"l": [{"x": 1}]}, {"l": "no"})
    keys = "  each: l\n  kind: judgement\n  score: .x\n  targets: [{id: a}]\n"
    rows = mapped(tmp_path, keys, content, "a.jsonl")
    assert positions(rows) == [
        ("2.1", "1"),
        ("3", "'l' is no list, which `each` needs"),
    ]


def test_each_goes_down_into_lists(tmp_path: Path) -> None:
    content = lines({"c": [{"t": ["a", "b"]}, {"t": []}, {"t": ["c"]}]})
    rows = mapped(tmp_path, "  each: [c, t]\n  response: .\n", content, "a.jsonl")
    assert chosen(rows, "position", "v1") == [
        ("1.1.1", "a"), ("1.1.2", "b"), ("1.2", None), ("1.3.1", "c"),
    ]  # fmt: skip


def test_a_json_file_is_a_list_or_one_object(tmp_path: Path) -> None:
    rows = mapped(tmp_path, TEXT, '[{"t": "a"},\n 1, {"t": "b"}]', "a.json.gz")
    assert positions(rows) == [("1", "a"), ("2", "it is no object"), ("3", "b")]
    assert positions(mapped(tmp_path, TEXT, '{"t": "a"}', "a.json")) == [("1", "a")]
    [(_, fault)] = positions(mapped(tmp_path, TEXT, '"a"', "a.json"))
    assert fault == "it is no object"
    rows = mapped(tmp_path, TEXT, '{"t": "a"}\n{"t": "b"}', "a.json")
    [first, (place, fault)] = positions(rows)
    assert (first, place) == (("1", "a"), "2")
    assert str(fault).endswith("let its name end with .jsonl")


def test_a_list_in_one_object_is_read_element_by_element(tmp_path: Path) -> None:
    keys = "  each: r.s\n  id: [a, '#', '#-1', b]\n  response: .t\n"
    whole = '{"a": 1, "r": {"s": [{"t": "x"}, {"t": 1, "t": 2}, {"t": "z"}]}, "b": 2}'
    rows = mapped(tmp_path, keys, whole, "a.json")
    assert chosen(rows, "position", "v1", "v2", "v3", "v4", "v5") == [
        ("1.1", "1", "1", None, "2", "x"),
        ("1.2", None, None, None, None, None),
        ("1.3", "1", "3", "2", "2", "z"),
    ]
    torn = mapped(tmp_path, keys, whole[:-16], "a.json.gz")
    assert chosen(torn, "position", "v5") == [
        ("1.1", "x"),
        ("1.2", None),
        ("1.3", None),
    ]
    for other in (
        '{"r.s": [{"t": "x"}], "r": {"s": []}}',
        '[{"r": {"s": [{"t": "x"}]}}]',
    ):
        rows = mapped(tmp_path, keys, other, "a.json")
        assert chosen(rows, "position", "v5") == [("1.1", "x")]
    for empty in ('{"r": {"s": []}}', '{"r": 1}', "{}"):
        rows = mapped(tmp_path, keys, empty, "a.json")
        assert chosen(rows, "position", "fault", "v5") == [("1", None, None)]
    [row] = mapped(tmp_path, keys, "torn", "a.json")
    assert row["fault"]


def test_what_was_whole_before_a_break_stays(tmp_path: Path) -> None:
    rows = mapped(tmp_path, TEXT, '[{"t": "a"}, {"t": "b"}, {"t": "c', "a.json")
    assert positions(rows) == [
        ("1", "a"),
        ("2", "b"),
        ("3", "it is not JSON: unterminated string at character 32"),
    ]


def test_a_torn_compressed_file_keeps_what_is_whole(tmp_path: Path) -> None:
    write_root(
        tmp_path,
        "a: {files: a.jsonl.gz, response: t}",
        {"a.jsonl.gz": lines(*({"t": str(n)} for n in range(9999)))},
    )
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(path.read_bytes()[:-20])
    *whole, last = table(tmp_path, "mapped_rows")
    assert last["fault"].startswith("the compressed file is torn or damaged")
    assert [row["v1"] for row in whole] == [str(n) for n in range(len(whole))]
    path.write_bytes(b"no gzip")
    [row] = table(tmp_path, "mapped_rows")
    assert "Not a gzipped file" in row["fault"]


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 64])
def test_a_window_of_any_size_finds_the_same(
    monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    chance = random.Random(chunk)
    elements: list[object] = [
        chance.choice(
            [1, -2.5e-7, 12345678901, 'é\U0001f30a\\"', None, True, [], {}, {"a": [1]}]
        )
        for _ in range(40)
    ]
    reader = JsonReader()
    wanted = [compact(reader.value(compact_json(each)).value) for each in elements]
    blank = " " * chance.randrange(4)
    text = f",{blank}\n".join(compact_json(each) for each in elements)
    whole = f'{{"a": 1.5, "r": {{"x": "y", "s": [{text}], "z": 2}}, "b": 3}}'
    monkeypatch.setattr(json_stream, "_CHUNK_BYTES", chunk)
    *parts, rest = read_parts(BytesIO(whole.encode()), ("r", "s"))
    assert [compact(part.verdict.value) for part in parts] == wanted
    assert rest.text == '{"a":1.5,"r":{"x":"y","z":2},"b":3}'
    assert rest.verdict.fault is None


def compact_json(value: object) -> str:
    """Return a value as JSON with blanks, as other programs write it."""
    import json

    return json.dumps(value, ensure_ascii=False)


def test_the_rest_of_a_broken_object_is_what_was_whole() -> None:
    text = b'{"a": 1, "r": {"x": 2, "s": [{"n": 1}, {"n": '
    one, broken, rest = read_parts(BytesIO(text), ("r", "s"))
    assert (one.text, broken.verdict.fault is None) == ('{"n": 1}', False)
    assert rest.text == '{"a":1,"r":{"x":2}}'
    assert rest.verdict.fault is None


def test_a_csv_row_of_another_shape_spoils_no_other(tmp_path: Path) -> None:
    content = (
        b"\xef\xbb\xbft,u\r\n"
        b'"two\r\nlines",1\r\n'
        b",2\r\n"
        b"\r\n"
        b"short\r\n"
        b"\xff,4\r\n"
        b'"q"x,5\r\n'
        b'ok,"{""k"": 1.50}"\r\n'
        b'"open,7\r\n'
    )
    keys = "  response: t\n  score: u\n  prompt: u.k\n"
    rows = mapped(tmp_path, keys, content, "a.csv")
    assert chosen(rows, "position", "fault", "v2", "v1") == [
        ("1", None, "two\r\nlines", None),
        ("2", None, None, None),
        ("3", "it has 1 values where the header has 2", None, None),
        ("4", "it is not UTF-8", None, None),
        ("5", "it is no row of CSV: ',' expected after '\"'", None, None),
        ("6", None, "ok", "1.50"),
        ("7", "it is no row of CSV: unexpected end of data", None, None),
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [("a,b,a\n", "'a' twice"), (b"\xff\n", "is not UTF-8"), ('"a', "end of data")],
)
def test_a_csv_header_that_cannot_be_meant_refuses_the_file(
    tmp_path: Path, content: str | bytes, words: str
) -> None:
    with pytest.raises(TableRefusedError, match=words):
        mapped(tmp_path, TEXT, content, "a.csv")


def test_a_csv_file_without_rows_has_no_records(tmp_path: Path) -> None:
    for content in ("", "\n", "t\n"):
        assert mapped(tmp_path, TEXT, content, "a.csv") == []


def test_a_csv_file_that_is_torn_keeps_what_came_before(tmp_path: Path) -> None:
    content = "t\n" + "".join(f"row {number}\n" for number in range(9))
    whole = mapped(tmp_path, TEXT, content, "a.csv.gz")
    packed = (tmp_path / "a.csv.gz").read_bytes()
    (tmp_path / "a.csv.gz").write_bytes(packed[:-12])
    *kept, last = table(tmp_path, "mapped_rows")
    assert chosen(kept, "v1") == chosen(whole[: len(kept)], "v1") != []
    assert last["fault"].startswith("the compressed file is torn or damaged")
    (tmp_path / "a.csv.gz").write_bytes(packed[:9])
    [row] = table(tmp_path, "mapped_rows")
    assert row["fault"].startswith("the compressed file is torn or damaged")


def test_parquet_rows_are_read_as_json_is(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    duckdb.sql(
        "copy (select 'x' as t, {'b': 1.5} as s, [1, null] as l, 'nan'::double as row) "
        f"to '{path}'"
    )
    content = path.read_bytes()
    keys = "  response: t\n  score: s.b\n  prompt: l\n  run_id: row\n"
    for name in ("a.parquet", "b.parquet.gz"):
        [row] = mapped(tmp_path, keys, content, name)
        assert chosen([row], "v1", "v2", "v3", "v4") == [
            ("NaN", "[1,null]", "x", "1.5")
        ]
    with pytest.raises(TableRefusedError, match="is refused as a whole"):
        mapped(tmp_path, keys, b"no parquet", "a.parquet")


def test_files_have_their_facts(tmp_path: Path) -> None:
    write_root(
        tmp_path,
        "a: {files: '*.jsonl', response: t}\nb: {tool: openai_batch, files: b.jsonl}",
        {"a.jsonl": lines({"t": 1}, {"t": 2}), "b.jsonl": ""},
    )
    _, _, files = tables(tmp_path, "mapped_rows", "tool_rows", "files")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert chosen(files, "source_csv", "file", "rows", "size_bytes") == [
        ("a", "a.jsonl", 2, 18), ("a", "b.jsonl", 0, 0), ("b", "b.jsonl", 0, 0),
    ]  # fmt: skip
    assert files[2]["sha256"] == empty


def test_many_rows_go_over_in_batches(tmp_path: Path) -> None:
    content = lines(*({"t": f"{n}é" * 100} for n in range(5001)))
    rows = mapped(tmp_path, TEXT, content, "a.jsonl")
    assert [row["v1"] for row in rows] == [f"{n}é" * 100 for n in range(5001)]
    assert [row["place"] for row in rows] == list(range(1, 5002))
