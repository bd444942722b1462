"""HTML as tests look at it, and an index whose texts would do it harm."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

from building import index, query

TAGS = {
    "html", "head", "meta", "title", "style", "body", "header", "main", "section",
    "nav", "h1", "h2", "h3", "p", "pre", "br", "a", "span", "strong", "code", "div",
    "dl", "dt", "dd", "ul", "ol", "li", "table", "caption", "thead", "tbody", "tr",
    "th", "td", "figure", "figcaption", "svg", "desc", "text", "line", "rect", "path",
}  # fmt: skip
VOID = {"br", "hr", "img", "input", "link", "meta"}
# The tags, attributes and quotes of an attack on the page, and a character that
# reverses the direction of the text.
PLANTED = """<script>alert(1)</script>"' onload=alert(2) & {{ 7 * 7 }} \u202e</style>"""
SHOWN = PLANTED.replace("\u202e", "\\u202e")


@dataclass
class Element:
    """An element, with the elements and texts in it."""

    tag: str
    attributes: dict[str, str]
    children: list["Element | str"] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text in it, blanks between words made one."""
        parts = (each if isinstance(each, str) else each.text for each in self.children)
        return " ".join(" ".join(parts).split())

    def all(self, *tags: str) -> list["Element"]:
        """Return the elements in it, in their order; of all tags if none is named."""
        found = []
        for child in self.children:
            if isinstance(child, Element):
                found += [child] if child.tag in tags or not tags else []
                found += child.all(*tags)
        return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), attrs
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(
            Element(tag, {name: value or "" for name, value in attrs})
        )

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def read_page(html: str) -> Element:
    """Return a page as elements; every element must be closed where it should be."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert len(reader.open) == 1
    return reader.open[0]


def tables(page: Element) -> dict[str, list[dict[str, str]]]:
    """Return the tables by caption: each row by the texts of the columns' headings."""
    return {table.all("caption")[0].text: _rows(table) for table in page.all("table")}


def _rows(table: Element) -> list[dict[str, str]]:
    (head,) = table.all("thead")
    names = [cell.text for cell in head.all("th", "td")]
    rows = [
        row.all("th", "td") for body in table.all("tbody") for row in body.all("tr")
    ]
    return [
        dict(zip(names, (cell.text for cell in row), strict=True))
        for row in rows
        if len(row) == len(names)
    ]


def change(root: Path, *statements: str) -> None:
    """Change the index behind the program's back."""
    with closing(sqlite3.connect(index(root))) as connection:
        connection.execute("drop trigger if exists documents_are_never_updated")
        connection.execute("drop trigger if exists documents_are_never_deleted")
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def plant(root: Path) -> None:
    """Put `PLANTED` into every text of an index that may hold any."""
    planted = PLANTED.replace("'", "''")
    own = {"doc_id", "stage", "status", "created_at", "content_hash", "meta_small"}
    own |= {"parent_doc_id", "doc_dir", "source_csv", "kind", "parser"}
    changes = [
        f"update {table} set {name} = {name} || '{planted}'"
        for table in ("documents", "bad_generations")
        for name, kind in query(
            root, f"select name, type from pragma_table_info('{table}')"
        )
        if kind == "TEXT" and name not in own
    ]
    fields = ", ".join(f"'{each}{planted}'" for each in "abc")
    changes += [
        f"update documents set doc_dir = doc_dir || '{planted}', "
        f"parser = parser || '{planted}', "
        "meta_small = json_set(meta_small, '$.link_method', "
        f"'{planted}') where status = 'parse_error'",
        f"insert into backfill_conflicts values ('response_changed', {fields}, 'd')",
        f"insert into backfill_notices values ('row_changed', {fields}, 'd', 'e')",
    ]
    change(root, *changes)


def add_history(root: Path, turns: int = 40) -> None:
    """Add rows of another tool's history: a conversation, and a judgement of its end.

    Nothing has a time. The turns are turn000000000000, turn000000000001, …; the
    judgement judge00000000000 has the last two as targets, the last one first.
    """
    numbers = f"with recursive n (i) as (select 0 union all select i + 1 from n " \
        f"where i < {turns - 1})"  # fmt: skip
    columns = (
        "doc_id, logical_key_id, stage, task_id, parent_doc_id, template_id, model_id, "
        "run_id, row_key, parser, status, created_at, doc_dir, raw_bytes, raw_chars, "
        "parsed_chars, content_hash, score, meta_small"
    )
    turn = "printf('turn%012d', {})"
    facts = "'run1', 'file', 'logs/chat.db', 'created_from', 'none', 'row_index', "
    change(
        root,
        f"{numbers} insert into documents ({columns}) select {turn.format('i')}, "
        f"{turn.format('i')}, 'generation', 'task ' || i, "
        f"case when i then {turn.format('i - 1')} end, 'none', 'echo', 'backfill', "
        "'chats:' || i, null, 'ok', null, 'generation/x/y', 5, 5, 5, "
        f"hex(zeroblob(32)), null, json_object('origin_run_id', {facts} i + 1, "
        "'source_csv', 'chats', 'combo_id', 'c', 'position', '' || (i + 1), "
        "'response_file', null, 'row_key', 'chats:' || i) from n",
        f"{numbers} insert into document_links select {turn.format('i')}, 'follows', "
        f"1, {turn.format('i - 1')} from n where i",
        f"insert into documents ({columns}) select 'judge00000000000', 'k', "
        f"'judgement', 'grade', {turn.format(turns - 1)}, 'rubric', 'code:match', "
        "'backfill', 'grades:1', null, 'ok', null, 'judgement/x/y', 5, 5, 5, "
        f"hex(zeroblob(32)), 0.25, json_object('origin_run_id', {facts} 1, "
        "'source_csv', 'grades', 'combo_id', 'c', 'position', '12.2', "
        "'score_text', 'a quarter', 'response_file', null, 'row_key', 'grades:1', "
        "'link_method', 'target')",
        *(
            f"insert into document_links values ('judge00000000000', 'target', "
            f"{position}, {turn.format(turns - position)})"
            for position in (1, 2)
        ),
        "insert into bad_generations (source_csv, row_index, reason, detail, run_id) "
        "values ('chats', 99, 'no_text', 'it has neither a text nor a score', 'b')",
    )


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, as WCAG 2 has it."""
    lighter, darker = sorted(map(luminance, (one, other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4
        for each in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def check_structure(page: Element) -> None:
    """Check that headings, ids, what refers to them, and tables are for all readers."""
    levels = [int(heading.tag[1]) for heading in page.all("h1", "h2", "h3")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = [each.attributes["id"] for each in page.all() if "id" in each.attributes]
    assert len(ids) == len(set(ids))
    for name in ("aria-labelledby", "href"):
        for element in page.all():
            named = element.attributes.get(name, "").replace("#", "").split()
            assert set(named) <= set(ids)
    for table in page.all("table"):
        assert table.all("caption")[0].text
        assert all(heading.attributes["scope"] for heading in table.all("th"))
