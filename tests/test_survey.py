"""What is on disk is what stands there itself, not what a link leads to."""

from pathlib import Path

from docs_index.survey import Directory, Survey


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
