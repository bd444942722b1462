"""A lock keeps others out, ends with its block, and is taken on nothing but a lock."""

import errno
import fcntl
import os
from pathlib import Path

import pytest

from docs_index.disk.lock import (
    held_lock,
    holder_of,
    is_folder_locked,
    locked_folder,
    take_lock,
)
from docs_index.errors import DataRootError, StorageError


@pytest.mark.parametrize("content", [b"", b"a text of its own"])
def test_a_link_in_the_place_of_the_lock_is_refused(
    tmp_path: Path, content: bytes
) -> None:
    theirs = tmp_path / "theirs.txt"
    theirs.write_bytes(content)
    (tmp_path / ".lock").symlink_to(theirs)
    for take in (take_lock, lambda path: held_lock(path).__enter__()):
        with pytest.raises(DataRootError, match="move it away"):
            take(tmp_path / ".lock")
    assert theirs.read_bytes() == content


def test_a_link_to_nothing_makes_no_lock(tmp_path: Path) -> None:
    (tmp_path / ".lock").symlink_to("new")
    with pytest.raises(DataRootError, match="move it away"):
        take_lock(tmp_path / ".lock")
    assert os.listdir(tmp_path) == [".lock"]


@pytest.mark.parametrize(
    "content",
    [
        bytes(30),
        b"docs-in",
        b"docs-in" + bytes(20),
        b"docs-index lock: dbt (process 7)9)",
        b"dbt (process 7)",
    ],
)
def test_what_a_power_cut_or_an_older_program_left_is_replaced(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / ".lock"
    path.write_bytes(content)
    with held_lock(path):
        assert str(os.getpid()) in path.read_text()


def test_a_lock_has_a_holder_during_its_block(tmp_path: Path) -> None:
    path = tmp_path / "db/.lock"
    assert holder_of(path) is None
    with held_lock(path):
        assert f"(process {os.getpid()})" in str(holder_of(path))
        with held_lock(path):
            pass
        assert holder_of(path) is not None
    assert holder_of(path) is None
    assert path.read_bytes() == b""


def test_a_folder_is_locked_during_its_block(tmp_path: Path) -> None:
    assert not is_folder_locked(tmp_path)
    with locked_folder(tmp_path):
        assert is_folder_locked(tmp_path)
    assert not is_folder_locked(tmp_path)
    assert not is_folder_locked(tmp_path / "none")
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(NotADirectoryError), locked_folder(tmp_path / "link"):
        pass


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_named_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def fail(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", fail)
    path = tmp_path / ".lock"
    for take in (take_lock, lambda path: held_lock(path).__enter__()):
        with pytest.raises(StorageError, match="without locks two runs") as failed:
            take(path)
        assert str(failed.value).startswith(f"{path} cannot be locked: ")
    with pytest.raises(StorageError, match="without locks"):
        locked_folder(tmp_path).__enter__()


def test_a_folder_that_cannot_be_opened_counts_as_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise its files would be removed while another process reads them."""

    def fail(*_: object) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(os, "open", fail)
    assert is_folder_locked(tmp_path)


def test_a_lock_that_cannot_be_released_in_order_is_released(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / ".lock"

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with (
        monkeypatch.context() as patched,
        pytest.raises(OSError, match="Input") as failed,
        held_lock(path),
    ):
        patched.setattr(os, "ftruncate", fail)
    assert failed.value.filename == str(path)
    assert holder_of(path) is None
