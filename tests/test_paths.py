"""A look at a path says what is there; what fails for a moment is never an answer."""

import errno
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from building import REPOSITORY

from docs_index.paths import (
    OF_A_PATH,
    is_file,
    is_folder,
    is_link,
    is_there,
    naming,
    real_path,
)

LOOKS = [is_file, is_folder, is_link, is_there]
UNKNOWN = 250
# Lookups that take every error for an absence, and where that does no harm: in the
# package itself, and for leftovers that another run removes.
SWALLOWING = re.compile(
    r"os\.path\.(l?exists|is\w+|realpath|getsize)\((?!path, strict)|os\.walk\("
    r"|\.(exists|is_file|is_dir|is_symlink|resolve|r?glob)\((?!follow_symlinks)"
)
HARMLESS = {
    "apps/cli/commands/sample.py": 1,
    "apps/dagster/models.py": 4,
    "disk/scratch.py": 1,
    "packs/connecting.py": 1,
    "paths.py": 2,
    "resources.py": 2,
    "warehouse/dbt_run.py": 2,
    "warehouse/last_build.py": 1,
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize(
    "code",
    [errno.EIO, errno.EACCES, errno.ESTALE, errno.EINVAL, errno.EOVERFLOW, UNKNOWN],
)
def test_a_look_that_fails_is_no_answer(
    look: Callable[[Path], bool], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path) -> None:
        raise OSError(code, os.strerror(code), path)

    monkeypatch.setattr(os, "stat", fail)
    monkeypatch.setattr(os, "lstat", fail)
    with pytest.raises(OSError, match=os.strerror(code)):
        look(Path("/x"))


def test_looks_say_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "to_folder").symlink_to(".")
    (tmp_path / "dangling").symlink_to("nothing")
    (tmp_path / "circle").symlink_to("circle")
    found = {
        name: [look(tmp_path / name) for look in LOOKS]
        for name in (
            "file", "to_folder", "dangling", "circle", "none", "file/x", "circle/x",
            "x" * 300,
        )
    }  # fmt: skip
    no = [False] * 4
    assert found == {
        "file": [True, False, False, True],
        "to_folder": [False, True, True, True],
        "dangling": [False, False, True, True],
        "circle": [False, False, True, True],
        "none": no,
        "file/x": no,
        "circle/x": no,
        "x" * 300: no,
    }


def test_links_are_followed_as_far_as_there_is_anything(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder")
    (tmp_path / "out").symlink_to("/nowhere/at/all")
    (tmp_path / "folder/back").symlink_to("../missing")
    for path in ("link", "link/x/y", "link/../z", "out", "out/x", "link/back", "none"):
        assert real_path(tmp_path / path) == os.path.realpath(tmp_path / path), path


def test_a_link_that_cannot_be_read_is_not_taken_for_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to("nowhere")

    def fail(path: Path, **_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO), path)

    monkeypatch.setattr(os, "readlink", fail)
    with pytest.raises(OSError, match="Input/output error"):
        real_path(tmp_path / "link")


@pytest.mark.parametrize("named", [None, "x.txt", 7])
def test_an_error_names_its_file_in_full(named: object) -> None:
    with pytest.raises(OSError) as failed, naming("/root/x.txt"):
        raise OSError(errno.EIO, "failed", named)
    assert failed.value.filename == "/root/x.txt"
    with pytest.raises(OSError) as failed, naming("/root/x.txt"):
        raise OSError(errno.EIO, "failed", "/another")
    assert failed.value.filename == "/another"


def test_the_rules_have_the_codes_of_the_table() -> None:
    rules = (REPOSITORY / "docs/rules.md").read_text()
    facts = re.findall(r"^\| (`E.*?) \|.*\| a fact.*\|$", rules, re.MULTILINE)
    listed = re.findall(r"`(\w+)`", " ".join(facts))
    assert sorted(listed) == sorted(errno.errorcode[code] for code in OF_A_PATH)


def test_no_lookup_takes_every_error_for_an_absence() -> None:
    package = REPOSITORY / "src/docs_index"
    found = {
        str(path.relative_to(package)): len(SWALLOWING.findall(path.read_text()))
        for path in package.rglob("*.py")
    }
    assert {name: count for name, count in found.items() if count} == HARMLESS
