"""A response path is opened only inside its folder, and a change never goes unnoticed.

A canary stands outside the folder, wherever a path might lead; it never comes back.
"""

import os
import socket
import tempfile
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest
from building import as_nobody

from docs_index.disk import confined as responses
from docs_index.disk.confined import (
    Folder,
    NotRegularError,
    TooLargeError,
    UnusableError,
    open_file,
    read_file,
)
from docs_index.errors import told
from docs_index.warehouse import response_facts
from docs_index.warehouse.response_facts import read_responses

CANARY = b"canary: text from outside the folder"
LIMIT = 1000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of responses, with canaries next to it, above it and in a sibling."""
    inside = tmp_path / "root/3_generation"
    inside.mkdir(parents=True)
    (inside / "x.txt").write_bytes(b"inside")
    (inside / "d").mkdir()
    (inside / "d/y.txt").write_bytes(b"deeper")
    for outside in (
        "canary.txt",
        "root/canary.txt",
        "root/3_generation_old/canary.txt",
    ):
        (tmp_path / outside).parent.mkdir(exist_ok=True)
        (tmp_path / outside).write_bytes(CANARY)
    return inside


def content(folder: Path, path: str, limit: int = LIMIT) -> bytes:
    """Return what a path holds; reading it and asking for its signature agree."""
    reader = Folder(str(folder), limit)
    response = reader.read(path)
    assert response.content.decode() == response.text
    assert reader.signature(path) == response.signature
    return response.content


def cause(folder: Path, path: str, limit: int = LIMIT) -> str:
    """Return why a path is not usable, in less than five seconds."""
    started = time.monotonic()
    with pytest.raises(UnusableError) as refusal:
        Folder(str(folder), limit).read(path)
    assert time.monotonic() - started < 5
    return str(refusal.value)


# Paths -----------------------------------------------------------------------------

LEADS_OUTSIDE = "it leads outside 3_generation/"
NO_FILE = "there is no such file"
IRREGULAR = "it is not a regular file"
ABSOLUTE = "the path is absolute: it must be relative"
TOO_LONG = "the path is too long"
TOO_MANY_LINKS = "its links are too many, or lead in a circle"
UNUSABLE = {
    "no-such.txt": NO_FILE,
    "no-such/x.txt": NO_FILE,
    "no-such/../x.txt": NO_FILE,
    "x.txt/": NO_FILE,
    "x.txt/.": NO_FILE,
    "x.txt/../x.txt": NO_FILE,
    "X.TXT": NO_FILE,
    " x.txt": NO_FILE,
    "../canary.txt": LEADS_OUTSIDE,
    "../../canary.txt": LEADS_OUTSIDE,
    "d/../../canary.txt": LEADS_OUTSIDE,
    "../3_generation_old/canary.txt": LEADS_OUTSIDE,
    "../../../../../../../../../../etc/passwd": LEADS_OUTSIDE,
    "..": LEADS_OUTSIDE,
    ".": IRREGULAR,
    "": IRREGULAR,
    "d": IRREGULAR,
    "d/": IRREGULAR,
    "d/.": IRREGULAR,
    "/etc/passwd": ABSOLUTE,
    "//etc/passwd": ABSOLUTE,
    "~/.ssh/id_rsa": NO_FILE,
    "~root": NO_FILE,
    "$HOME/x.txt": NO_FILE,
    "file:///etc/passwd": NO_FILE,
    "https://example.invalid/x.txt": NO_FILE,
    "s3://bucket/x.txt": NO_FILE,
    "hf://datasets/x.txt": NO_FILE,
    "C:\\x.txt": NO_FILE,
    "\\\\host\\share": NO_FILE,
    "..\\canary.txt": NO_FILE,
    "%2e%2e/canary.txt": NO_FILE,
    "*.txt": NO_FILE,
    "?.txt": NO_FILE,
    "[x].txt": NO_FILE,
    "{x,y}.txt": NO_FILE,
    "x.txt\0": "the path holds a NUL byte",
    "n" * 256: TOO_LONG,
    "d/../" * 1000 + "x.txt": TOO_LONG,
    "./" * 1_000_000 + "x.txt": TOO_LONG,
    "no-such/" * 1_000_000: TOO_LONG,
}


@pytest.mark.parametrize(("path", "words"), UNUSABLE.items(), ids=lambda v: v[:40])
def test_an_unusable_path_says_why(folder: Path, path: str, words: str) -> None:
    assert cause(folder, path) == words
    with pytest.raises(UnusableError) as refusal:
        Folder(str(folder), LIMIT).signature(path)
    assert str(refusal.value) == words


def test_an_absolute_path_inside_the_folder_is_refused(folder: Path) -> None:
    assert cause(folder, str(folder / "x.txt")) == ABSOLUTE


def test_a_folder_that_is_not_there_has_no_files(tmp_path: Path) -> None:
    assert cause(tmp_path / "no-such", "x.txt") == NO_FILE


@pytest.mark.parametrize(
    "path", ["x.txt", "./x.txt", "d/../x.txt", "d//../x.txt", "../3_generation/x.txt"]
)
def test_a_path_that_ends_inside_is_usable(folder: Path, path: str) -> None:
    assert content(folder, path) == b"inside"


ODD_FILE_NAMES = [
    "br[1].txt", "st*r.txt", "wh?t.txt", "{a,b}.txt", "sp ace.txt", " lead.txt", "it's",
    'quo"te', "new\nline", "#", "100%", "%41.txt", "back\\slash", "~", "$HOME", "-rf",
    "a:b", "\u00e9", "\U0001f600", "n" * 255, "..x", "...",
]  # fmt: skip


@pytest.mark.parametrize("name", ODD_FILE_NAMES, ids=lambda name: name[:20])
def test_a_file_may_have_any_name(folder: Path, name: str) -> None:
    for other in ("br1.txt", "star.txt", "what.txt", "a", "b", "A.txt"):
        (folder / other).write_bytes(b"another file")
    (folder / name).write_bytes(b"its own content")
    assert content(folder, name) == b"its own content"


def test_composed_and_decomposed_names_are_two_files(folder: Path) -> None:
    names = ["na\u00efve", unicodedata.normalize("NFD", "na\u00efve")]
    for name in names:
        (folder / name).write_text(name)
    assert [content(folder, name).decode() for name in names] == names


def test_a_file_name_that_is_not_utf8_disturbs_nobody(folder: Path) -> None:
    Path(os.fsdecode(bytes(folder) + b"/caf\xe9.txt")).write_bytes(b"odd")
    assert content(folder, "x.txt") == b"inside"


# Links -----------------------------------------------------------------------------


def link(folder: Path, name: str, target: str | Path) -> str:
    (folder / name).symlink_to(target)
    return name


def test_a_link_to_a_file_inside_is_followed(folder: Path) -> None:
    assert content(folder, link(folder, "l.txt", "d/y.txt")) == b"deeper"


def test_a_link_to_a_directory_inside_is_followed(folder: Path) -> None:
    assert content(folder, link(folder, "l", "d") + "/y.txt") == b"deeper"


def test_a_chain_of_links_is_followed(folder: Path) -> None:
    link(folder, "first", "d/../second")
    link(folder, "second", "d")
    assert content(folder, "first/y.txt") == b"deeper"


def test_dots_after_a_link_mean_the_parent_of_its_target(folder: Path) -> None:
    (folder / "d/e").mkdir()
    link(folder, "l", "d/e")
    assert content(folder, "l/../y.txt") == b"deeper"


def test_the_folder_itself_may_be_a_link(folder: Path) -> None:
    (folder.parent / "alias").symlink_to(folder)
    assert content(folder.parent / "alias", "d/y.txt") == b"deeper"


def test_a_hard_link_cannot_be_told_from_a_file(folder: Path) -> None:
    os.link(folder / "x.txt", folder / "hard.txt")
    assert content(folder, "hard.txt") == b"inside"


@pytest.mark.parametrize(
    "target",
    ["../canary.txt", "../../canary.txt", "../3_generation_old/canary.txt", "hop"],
)
def test_a_link_to_a_file_outside_is_refused(folder: Path, target: str) -> None:
    link(folder, "hop", "../canary.txt")
    assert cause(folder, link(folder, "l.txt", target)) == LEADS_OUTSIDE


def test_an_absolute_link_to_a_file_outside_is_refused(folder: Path) -> None:
    target = folder.parent / "canary.txt"
    assert cause(folder, link(folder, "l.txt", target)) == LEADS_OUTSIDE


@pytest.mark.parametrize("path", ["canary.txt", "../canary.txt", "3_generation_old/.."])
def test_a_link_to_a_directory_outside_is_refused(folder: Path, path: str) -> None:
    assert cause(folder, link(folder, "l", "..") + f"/{path}") == LEADS_OUTSIDE


@pytest.mark.parametrize(
    "target", ["/proc/self/environ", "/dev/zero", "/dev/tty", "/dev/stdin"]
)
def test_a_link_to_a_system_file_is_refused(folder: Path, target: str) -> None:
    found = cause(folder, link(folder, "l.txt", target))
    assert found in (LEADS_OUTSIDE, NO_FILE) or found.startswith("it cannot be read")


def test_a_link_to_nothing_is_no_file(folder: Path) -> None:
    assert cause(folder, link(folder, "l.txt", "no-such.txt")) == NO_FILE


def test_links_in_a_circle_are_refused(folder: Path) -> None:
    link(folder, "a", "b")
    assert cause(folder, link(folder, "b", "a")) == TOO_MANY_LINKS


@pytest.mark.parametrize("links", [41, 10_000])
def test_more_links_than_the_system_follows_are_refused(
    folder: Path, links: int
) -> None:
    for number in range(links):
        link(folder, f"file{number}", f"file{number + 1}")
        link(folder, f"folder{number}", f"folder{number + 1}")
    link(folder, f"file{links}", "x.txt")
    link(folder, f"folder{links}", "d")
    assert cause(folder, "file0") == TOO_MANY_LINKS
    assert cause(folder, "folder0/y.txt") == TOO_MANY_LINKS
    assert content(folder, f"file{links - 10}") == b"inside"


# Races -----------------------------------------------------------------------------


def before_opening(
    monkeypatch: pytest.MonkeyPatch, path: Path, action: Callable[[], object]
) -> None:
    """Do something once, right before the path is opened, after it was checked."""
    really_open = os.open
    waiting = [action]

    def open_late(opened: str, flags: int, **more: Any) -> int:
        if waiting and Path(opened).name == path.name:
            waiting.pop()()
        return really_open(opened, flags, **more)

    monkeypatch.setattr(os, "open", open_late)


def swap(place: Path, target: str) -> None:
    place.rename(place.with_name("moved"))
    place.symlink_to(target)


def test_a_file_swapped_for_a_link_before_it_is_opened_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "x.txt"
    before_opening(monkeypatch, path, lambda: swap(path, "../canary.txt"))
    assert cause(folder, "x.txt") == LEADS_OUTSIDE


def test_a_directory_swapped_for_a_link_before_it_is_opened_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder.parent / "3_generation_old/y.txt").write_bytes(CANARY)
    place = folder / "d"
    before_opening(monkeypatch, place, lambda: swap(place, "../3_generation_old"))
    assert cause(folder, "d/y.txt") == LEADS_OUTSIDE


def test_a_directory_swapped_before_its_file_is_opened_is_read_as_it_was(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder.parent / "3_generation_old/y.txt").write_bytes(CANARY)
    before_opening(
        monkeypatch,
        folder / "d/y.txt",
        lambda: swap(folder / "d", "../3_generation_old"),
    )
    assert content(folder, "d/y.txt") == b"deeper"


def test_a_link_turned_outside_before_it_is_opened_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = folder / link(folder, "l.txt", "x.txt")

    def turn() -> None:
        place.unlink()
        place.symlink_to("../canary.txt")

    def turn_after_the_first_opening() -> None:  # which does not follow links
        before_opening(monkeypatch, place, turn)

    before_opening(monkeypatch, place, turn_after_the_first_opening)
    assert cause(folder, "l.txt") == LEADS_OUTSIDE
    assert os.readlink(place) == "../canary.txt"


def swapped_while_it_is_opened(
    monkeypatch: pytest.MonkeyPatch, place: Path, target: str
) -> None:
    """Put a link in a place right before it is opened, and take it away right after."""
    really_open = os.open
    moved = place.with_name("moved")

    def open_swapped(opened: str, flags: int, **more: Any) -> int:
        if Path(opened).name != place.name or flags & os.O_NOFOLLOW:
            return really_open(opened, flags, **more)
        place.rename(moved)
        place.symlink_to(target)
        descriptor = really_open(opened, flags, **more)
        place.unlink()
        moved.rename(place)
        return descriptor

    monkeypatch.setattr(os, "open", open_swapped)


def test_a_link_that_led_outside_only_while_it_was_opened_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = folder / link(folder, "l.txt", "x.txt")
    swapped_while_it_is_opened(monkeypatch, place, "../canary.txt")
    with pytest.raises(OSError, match="it changed while it was opened"):
        cause(folder, "l.txt")
    assert os.readlink(place) == "x.txt"


def test_a_directory_that_led_outside_only_while_it_was_opened_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder.parent / "3_generation_old/y.txt").write_bytes(CANARY)
    swapped_while_it_is_opened(monkeypatch, folder / "d", "../3_generation_old")
    with pytest.raises(OSError, match="it changed while it was opened"):
        cause(folder, "d/y.txt")
    assert open_below(folder.parent) == 0


def test_a_directory_swapped_between_two_files_is_read_as_it_was(folder: Path) -> None:
    (folder.parent / "3_generation_old/y.txt").write_bytes(CANARY)
    reader = Folder(str(folder), LIMIT)
    signature = reader.signature("d/y.txt")
    swap(folder / "d", "../3_generation_old")
    assert reader.read("d/y.txt").content == b"deeper"
    assert reader.signature("d/y.txt") == signature
    with pytest.raises(UnusableError, match="leads outside"):
        Folder(str(folder), LIMIT).read("d/y.txt")


def open_below(folder: Path) -> int:
    """Count the descriptors of this process that lead to a folder or into it."""
    found = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the one of this loop
            found += descriptor.readlink().is_relative_to(folder)
    return found


def test_more_directories_than_may_be_open_are_read(folder: Path) -> None:
    for number in range(300):
        (folder / f"d{number}").mkdir()
        (folder / f"d{number}/x.txt").write_bytes(b"%d" % number)
    reader = Folder(str(folder), LIMIT)
    for number in [*range(300), *range(300)]:
        assert reader.read(f"d{number}/x.txt").content == b"%d" % number
        if number % 25 == 0:
            assert 0 < open_below(folder) <= 64
    del reader
    assert open_below(folder) == 0


def test_a_file_removed_before_it_is_opened_is_no_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "x.txt"
    before_opening(monkeypatch, path, path.unlink)
    assert cause(folder, "x.txt") == NO_FILE


def test_no_descriptor_is_left_open(folder: Path) -> None:
    link(folder, "out", "..")
    for path in ("x.txt", "d", "d/y.txt", "out/canary.txt", "../canary.txt", "no-such"):
        for limit in (LIMIT, 1):
            try:
                Folder(str(folder), limit).read(path)
            except UnusableError:
                continue
    assert open_below(folder.parents[1]) == 0


# Kinds of files --------------------------------------------------------------------


def test_a_named_pipe_is_refused_without_waiting(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    assert cause(folder, "pipe") == IRREGULAR


def test_a_named_pipe_behind_a_link_is_refused_without_waiting(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    assert cause(folder, link(folder, "l.txt", "pipe")) == IRREGULAR


def test_a_socket_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)  # the path of a socket is short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        assert cause(folder, "socket") == IRREGULAR


def test_a_device_is_refused(folder: Path) -> None:
    try:
        os.mknod(folder / "zero", 0o666 | 0o020000, os.makedev(1, 5))
        (folder / "zero").open("rb").close()
    except OSError:
        pytest.skip("this user may not make or open a device")
    assert cause(folder, "zero") == IRREGULAR


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that every user can reach."""
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        (Path(place) / "x.txt").write_bytes(b"inside")
        (Path(place) / "d").mkdir()
        (Path(place) / "d/y.txt").write_bytes(b"deeper")
        yield Path(place)
        os.chmod(Path(place) / "d", 0o755)


def stopped(folder: Path, path: str) -> str:
    """Return what stops the reading of a file."""
    with pytest.raises(PermissionError) as error:
        cause(folder, path)
    return told(error.value)


@pytest.mark.parametrize(("closed", "path"), [("x.txt", "x.txt"), ("d", "d/y.txt")])
def test_a_missing_permission_stops_and_is_no_fact_of_the_file(
    public_folder: Path, closed: str, path: str
) -> None:
    os.chmod(public_folder / closed, 0)
    found = as_nobody(lambda: stopped(public_folder, path))
    assert found == f"{public_folder}/{path}: Permission denied"


def test_a_folder_or_pipe_without_permission_is_still_no_regular_file(
    public_folder: Path,
) -> None:
    os.mkfifo(public_folder / "pipe", 0)
    os.chmod(public_folder / "d", 0)
    for path in ("pipe", "d"):
        assert as_nobody(partial(cause, public_folder, path)) == IRREGULAR


def test_a_directory_that_cannot_be_listed_may_be_used(public_folder: Path) -> None:
    os.chmod(public_folder / "d", 0o711)
    assert as_nobody(lambda: content(public_folder, "d/y.txt").decode()) == "deeper"


# Contents --------------------------------------------------------------------------

USABLE_CONTENTS = {
    "empty": b"",
    "blanks": b" \t\r\n",
    "byte-order mark": b"\xef\xbb\xbftext",
    "line ends": b"a\r\nb\rc\n",
    "NUL byte": b"a\x00b",
    "line separators": "\u2028\x85\u2029".encode(),
    "noncharacters": "\ufffe\uffff".encode(),
    "as long as it may be": b"x" * LIMIT,
}


@pytest.mark.parametrize("text", USABLE_CONTENTS.values(), ids=USABLE_CONTENTS)
def test_content_comes_back_byte_for_byte(folder: Path, text: bytes) -> None:
    (folder / "x.txt").write_bytes(text)
    assert content(folder, "x.txt") == text


@pytest.mark.parametrize(
    ("text", "at"),
    [(b"caf\xe9", 4), (b"\xc0\xaf", 1), (b"a\xed\xa0\x80", 2), (b"cut \xe2\x82", 5)],
)
def test_content_that_is_not_utf8_is_refused_with_the_place(
    folder: Path, text: bytes, at: int
) -> None:
    (folder / "x.txt").write_bytes(text)
    assert cause(folder, "x.txt") == f"it is not UTF-8 (byte {at})"


def test_a_file_above_the_limit_is_refused(folder: Path) -> None:
    (folder / "x.txt").write_bytes(b"x" * (LIMIT + 1))
    assert cause(folder, "x.txt") == "it has 1001 bytes, more than 1000"


def test_a_huge_file_is_refused_unread(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (folder / "x.txt").open("wb") as file:
        file.truncate(5 * 2**30)
    monkeypatch.setattr(os, "read", pytest.fail)
    assert cause(folder, "x.txt").startswith("it has 5368709120 bytes")


def while_reading(
    monkeypatch: pytest.MonkeyPatch, action: Callable[[], object]
) -> None:
    """Do something once, after a file's size was taken and before it is read."""
    really_read = os.read
    waiting = [action]

    def read_late(descriptor: int, size: int) -> bytes:
        if waiting:
            waiting.pop()()
        return really_read(descriptor, size)

    monkeypatch.setattr(os, "read", read_late)


def append(path: Path, text: bytes) -> None:
    with path.open("ab") as file:
        file.write(text)


def test_a_file_that_grows_is_read_to_its_end(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    while_reading(monkeypatch, lambda: append(folder / "x.txt", b" and more"))
    assert Folder(str(folder), LIMIT).read("x.txt").content == b"inside and more"


def test_a_file_that_shrinks_is_read_to_its_end(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    while_reading(monkeypatch, lambda: os.truncate(folder / "x.txt", 2))
    assert Folder(str(folder), LIMIT).read("x.txt").content == b"in"


@pytest.mark.parametrize("more", [1, 10, 10_000])
def test_a_file_that_grows_above_the_limit_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, more: int
) -> None:
    while_reading(monkeypatch, lambda: append(folder / "x.txt", b"x" * more))
    found = cause(folder, "x.txt", limit=len(b"inside"))
    assert found == "it has more than 6 bytes, and is growing"


# One file by its own path -----------------------------------------------------------


def test_a_file_by_its_own_path_is_read_up_to_a_limit(folder: Path) -> None:
    assert read_file(folder / "x.txt") == b"inside"
    assert read_file(folder / "x.txt", at_most=6) == b"inside"
    with pytest.raises(TooLargeError):
        read_file(folder / "x.txt", at_most=5)


def test_a_file_that_grows_above_a_limit_is_too_large(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    while_reading(monkeypatch, lambda: append(folder / "x.txt", b"x" * 10_000))
    with pytest.raises(TooLargeError):
        read_file(folder / "x.txt", at_most=len(b"inside"))


def test_a_link_is_followed_only_on_demand(folder: Path) -> None:
    path = folder / link(folder, "l.txt", "x.txt")
    assert read_file(path, follow=True) == b"inside"
    with pytest.raises(OSError, match="symbolic links"):
        read_file(path)


def test_what_is_not_a_file_is_not_opened(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    with pytest.raises(NotRegularError):
        open_file(folder / "pipe")
    with pytest.raises(NotRegularError):
        open_file("/dev/null")
    with pytest.raises(IsADirectoryError):
        open_file(folder / "d")
    assert open_below(folder) == 0


# What the reader remembers ---------------------------------------------------------

UPPER = "upper(text)"


class Reading:
    """Several reads of one file; each knows the answers of the read before it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.session = duckdb.connect(config={"threads": 1})
        self.known: str | None = None
        self.session.execute(
            "create table wanted as select '3_generation' as folder, 'x.txt' as path, "
            "'any' as parser"
        )

    def read(
        self, parser_sql: str = UPPER, max_bytes: int = LIMIT, processes: int = 0
    ) -> dict[str, object]:
        relation = read_responses(
            self.session,
            "wanted",
            self.known,
            data_root=str(self.root),
            max_bytes=max_bytes,
            parser_sql=parser_sql,
            processes=processes,
        )
        self.session.execute("create or replace table latest as from relation")
        self.known = "latest"
        return dict(zip(relation.columns, self.answers()[0], strict=True))

    def answers(self) -> list[tuple[object, ...]]:
        """Return the rows of the latest reading."""
        return self.session.execute("from latest order by all").fetchall()


@pytest.fixture
def reading(folder: Path) -> Iterator[Reading]:
    found = Reading(folder.parent)
    yield found
    found.session.close()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that were read from now on; every file counts as settled."""
    paths: list[str] = []
    really_read = Folder.read

    def read(self: Folder, path: str) -> responses.Response:
        paths.append(path)
        return really_read(self, path)

    monkeypatch.setattr(Folder, "read", read)
    monkeypatch.setattr(responses, "_SETTLED_NS", 0)
    return paths


def rewrite(path: Path, text: bytes) -> None:
    """Write new content of the same size and put the time of change back."""
    before = path.stat()
    time.sleep(0.02)  # the clock of a file system is coarse
    path.write_bytes(text)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size


def test_an_answer_tells_sizes_hash_and_parsed_length(reading: Reading) -> None:
    (reading.root / "3_generation/x.txt").write_bytes("\u00e9\U0001f600".encode())
    found = reading.read("text || '!'")
    assert (found["raw_bytes"], found["raw_chars"], found["parsed_chars"]) == (6, 2, 3)
    assert found["cause"] is None


def test_an_unusable_file_is_an_answer_too(reading: Reading) -> None:
    (reading.root / "3_generation/x.txt").unlink()
    found = reading.read()
    assert (found["cause"], found["content_hash"]) == (NO_FILE, None)


def test_an_unchanged_file_is_not_read_again(
    reading: Reading, opened: list[str]
) -> None:
    first, second = reading.read(), reading.read()
    assert second == first
    assert opened == ["x.txt"]


def test_a_known_answer_is_kept_for_the_next_reading(
    reading: Reading, opened: list[str]
) -> None:
    first, _, third = reading.read(), reading.read(), reading.read()
    assert third == first
    assert opened == ["x.txt"]


def test_a_change_of_the_same_size_with_its_time_put_back_is_noticed(
    reading: Reading, opened: list[str]
) -> None:
    first = reading.read()
    rewrite(reading.root / "3_generation/x.txt", b"INSIDE")
    assert reading.read()["content_hash"] != first["content_hash"]
    assert opened == ["x.txt", "x.txt"]


def test_a_replaced_file_is_read_again(reading: Reading, opened: list[str]) -> None:
    path = reading.root / "3_generation/x.txt"
    first = reading.read()
    path.rename(path.with_name("old"))
    path.write_bytes(b"INSIDE")
    assert reading.read()["content_hash"] != first["content_hash"]


def test_a_file_touched_a_moment_ago_is_not_trusted(reading: Reading) -> None:
    path = reading.root / "3_generation/x.txt"
    path.write_bytes(b"inside")
    first = reading.read()
    assert first["signature"] is None
    path.write_bytes(b"INSIDE")  # within one tick of the file system's clock, perhaps
    assert reading.read()["content_hash"] != first["content_hash"]


def test_another_parser_reads_again(reading: Reading, opened: list[str]) -> None:
    reading.read(UPPER)
    found = reading.read("text || 'longer'")
    assert found["parsed_chars"] == len("insidelonger")
    assert opened == ["x.txt", "x.txt"]


def test_a_lower_limit_holds_for_known_files(reading: Reading) -> None:
    reading.read()
    assert reading.read(max_bytes=5)["cause"] == "it has 6 bytes, more than 5"


def test_a_higher_limit_frees_known_files(reading: Reading) -> None:
    reading.read(max_bytes=5)
    assert reading.read()["cause"] is None


def test_a_known_file_that_is_gone_is_no_longer_usable(
    reading: Reading, opened: list[str]
) -> None:
    reading.read()
    (reading.root / "3_generation/x.txt").unlink()
    assert reading.read()["cause"] == NO_FILE


def test_a_known_file_that_became_a_link_to_the_outside_is_refused(
    reading: Reading, opened: list[str]
) -> None:
    reading.read()
    path = reading.root / "3_generation/x.txt"
    path.rename(reading.root / "x.txt")
    path.symlink_to("../x.txt")
    assert reading.read()["cause"] == LEADS_OUTSIDE
    assert opened == ["x.txt"]


def test_a_repaired_file_is_read(reading: Reading) -> None:
    path = reading.root / "3_generation/x.txt"
    path.write_bytes(b"\xff")
    assert reading.read()["cause"] == "it is not UTF-8 (byte 1)"
    path.write_bytes(b"inside")
    assert reading.read()["cause"] is None


@pytest.fixture
def in_processes(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> Reading:
    """A reading of so many files that processes share them."""
    monkeypatch.setattr(response_facts, "_SHARE", 2)
    reading.session.execute(
        "insert into wanted "
        "select '3_generation', 'x.txt', 'any ' || range from range(4)"
    )
    return reading


def test_processes_of_their_own_answer_the_same(in_processes: Reading) -> None:
    # Whether a signature is there is for the clock: a new file's may yet change.
    answers = "select * exclude (signature) from latest order by all"
    in_processes.read(processes=0)
    alone = in_processes.session.execute(answers).fetchall()
    in_processes.known = None
    in_processes.read(processes=2)
    assert in_processes.session.execute(answers).fetchall() == alone
    assert len(alone) == 5


def test_a_reader_that_fails_stops_the_build(in_processes: Reading) -> None:
    with pytest.raises(duckdb.CatalogException, match="no_such_function"):
        in_processes.read("no_such_function(text)", processes=2)


def test_the_temporary_folder_may_have_any_name(
    reading: Reading, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = tmp_path / "it's [a] *" / "cause=x"
    odd.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(odd))
    assert reading.read()["cause"] is None
    assert list(odd.iterdir()) == []
