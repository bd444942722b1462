"""The survey counts what is on disk itself, and not the targets of links."""

import os
from pathlib import Path

import pytest

from docs_index.ingest.presence import Directory, Survey


def test_no_link_counts_as_a_text_or_a_directory(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    outside = tmp_path / "outside"
    (docs / "draft/key/linked_texts").mkdir(parents=True)
    outside.mkdir()
    for name in ("raw.txt", "parsed.txt", "prompt.txt"):
        (outside / name).write_text("outside")
        (docs / "draft/key/linked_texts" / name).symlink_to(outside / name)
    (docs / "draft/key/linked").symlink_to(outside)
    (docs / "draft/linked").symlink_to(outside)
    (docs / "essay").symlink_to(docs / "draft")
    survey = Survey(str(docs))
    assert list(survey.keys()) == ["draft/key"]
    texts = Directory("draft/key/linked_texts", False, False, False, None)
    assert survey.look(["draft/key"]) == [texts]


def test_a_directory_that_may_not_be_read_stops_the_survey_but_outside_of_stages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "draft/key/closed"
    for folder in (closed, tmp_path / "lost+found", tmp_path / "essay/lost"):
        folder.mkdir(parents=True)
    (closed / "raw.txt").write_text("there")
    list_folder = os.scandir

    def scandir(path: str) -> object:
        if "closed" in path or "lost" in path:
            raise PermissionError(13, "Permission denied", path)
        return list_folder(path)

    monkeypatch.setattr(os, "scandir", scandir)
    survey = Survey(str(tmp_path))
    assert list(survey.keys()) == ["draft/key", "essay/lost", "lost+found"]
    stray = Directory("lost+found", False, False, False, None)
    assert survey.look(["lost+found"]) == [stray]
    for key in ("draft/key", "essay/lost"):
        with pytest.raises(PermissionError):
            survey.look([key])
