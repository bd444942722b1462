"""A directory has its name once it is complete and synced, and replaces nothing."""

import ctypes
import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from docs_index.disk.directories import (
    opened_staging,
    publish_directory,
    sync_file_system,
)
from docs_index.disk.publish import TakenError

CONTENTS = {"raw.txt": b"text", "metadata.json": b"{}\n"}


@pytest.fixture
def final(tmp_path: Path) -> Path:
    """The name of a directory whose parent is not there yet."""
    return tmp_path / "docs/draft/key/doc"


def publish(final: Path) -> None:
    publish_directory(final, CONTENTS, final.parents[2] / ".unpublished")


def found(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@contextmanager
def recorded(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Yield what is synced and renamed in a block, in order."""
    events: list[str] = []
    fsync, rename = os.fsync, os.rename

    def synced(descriptor: int) -> None:
        events.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        fsync(descriptor)

    def renamed(source: str, target: Path, **more: Any) -> None:
        rename(source, target, **more)
        events.append("rename")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", synced)
        patch.setattr(os, "rename", renamed)
        yield events


def test_a_directory_appears_whole_and_nothing_else_is_left(final: Path) -> None:
    publish(final)
    assert found(final) == CONTENTS
    assert os.listdir(final.parents[2]) == ["draft"]


@pytest.mark.parametrize("above", ["new", "there already"])
def test_its_files_are_synced_before_it_is_renamed_and_its_names_after(
    final: Path, monkeypatch: pytest.MonkeyPatch, above: str
) -> None:
    final.parents[1].mkdir(parents=True)
    if above != "new":
        (final.parent / "another").mkdir(parents=True)
    with recorded(monkeypatch) as events:
        publish(final)
    renaming = events.index("rename")
    staged = final.parents[2] / ".unpublished/doc"
    files = {str(staged / "doc" / name) for name in CONTENTS}
    assert files | {str(staged), str(staged / "doc")} <= set(events[:renaming])
    assert str(final.parents[1]) in events[renaming:]
    assert above == "new" or str(final.parent) in events[renaming:]


def test_a_directory_that_a_killed_program_published_is_synced(
    final: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(final)
    with recorded(monkeypatch) as events:
        publish(final)
    assert events == [str(final.parent), str(final.parents[1])]


def test_folders_that_are_made_for_it_are_synced(
    final: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with recorded(monkeypatch) as events:
        publish(final)
    assert {str(final.parents[3]), str(final.parents[2])} <= set(events)


FOREIGN: dict[str, Callable[[Path], object]] = {
    "a file more": lambda final: (final / "more.txt").touch(),
    "a folder more": lambda final: (final / "more").mkdir(),
    "a link more": lambda final: (final / "more").symlink_to("raw.txt"),
    "a link to nothing more": lambda final: (final / "more").symlink_to("none"),
    "a pipe more": lambda final: os.mkfifo(final / "more"),
    "a file less": lambda final: (final / "raw.txt").unlink(),
    "other bytes": lambda final: (final / "raw.txt").write_bytes(b"TEXT"),
    "more bytes": lambda final: (final / "raw.txt").write_bytes(b"text and more"),
    "a link for a file": lambda final: _move_away(final, final / "raw.txt"),
    "a link for itself": lambda final: _move_away(final, final),
    "a link for its parent": lambda final: _move_away(final, final.parent),
}


def _move_away(final: Path, path: Path) -> None:
    target = final.parents[2] / "elsewhere"
    path.rename(target)
    path.symlink_to(target)


@pytest.mark.parametrize("fault", FOREIGN)
def test_a_directory_that_differs_is_left_as_it_is(final: Path, fault: str) -> None:
    publish(final)
    FOREIGN[fault](final)
    before = sorted(os.walk(final.parents[2]))
    with pytest.raises(TakenError):
        publish(final)
    assert sorted(os.walk(final.parents[2])) == before


@pytest.mark.parametrize("kind", ["file", "link", "empty directory"])
def test_what_has_its_name_already_is_not_replaced(final: Path, kind: str) -> None:
    final.parent.mkdir(parents=True)
    if kind == "file":
        final.touch()
    elif kind == "link":
        final.symlink_to("none")
    else:
        final.mkdir()
    before = os.lstat(final)
    staged = final.parents[2] / ".unpublished"
    staged.mkdir()
    with opened_staging(staged) as staging:
        staging.write("doc/doc", CONTENTS)
        assert not staging.publish("doc/doc", final)
    assert os.listdir(staged) == []
    assert os.lstat(final).st_ino == before.st_ino


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EXDEV, errno.EACCES])
def test_a_failing_rename_is_an_error(
    final: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "rename", fail)
    with pytest.raises(OSError, match=os.strerror(number)):
        publish(final)
    assert not final.parent.exists()


def test_a_failing_sync_of_the_file_system_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Library:
        """A C library on a disk that fails."""

        @staticmethod
        def syncfs(_: int) -> int:
            ctypes.set_errno(errno.EIO)
            return -1

    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: Library)
    with pytest.raises(OSError, match=os.strerror(errno.EIO)) as failed:
        sync_file_system(tmp_path)
    assert (failed.value.errno, failed.value.filename) == (errno.EIO, tmp_path)
