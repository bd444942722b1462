"""The files of a directory are synced before the directory gets its final name."""

import hashlib
import os
from pathlib import Path
from typing import Any

import duckdb
import pytest
from building import copied, documents

from docs_index.disk import directories
from docs_index.disk.publish import publish
from docs_index.ingest import materialize
from docs_index.ingest import placer as placing
from docs_index.ingest import placing as batching
from docs_index.ingest.document_files import DocumentFiles, Planned
from docs_index.ingest.placer import Placer
from docs_index.layout import open_layout

TEXT = b"text"


def document(number: int) -> Planned:
    doc_id = f"{number:016}"
    return Planned(
        write_order=number,
        doc_id=doc_id,
        doc_dir=f"draft/key{number}/{doc_id}",
        folder="3_generation",
        response_file="x.txt",
        prompt_file=None,
        prompt_hash=None,
        parser=None,
        parsed_chars=len(TEXT),
        parsed_from=None,
        parsed_bytes=None,
        parsed_text=None,
        content_hash=hashlib.sha256(TEXT).hexdigest(),
        metadata_text="{}\n",
    )


@pytest.fixture
def placer(tmp_path: Path) -> Placer:
    for folder in ("3_generation", "docs/.unpublished", "docs/draft"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "3_generation/x.txt").write_bytes(TEXT)
    return Placer(
        files=DocumentFiles(
            build="", data_root=str(tmp_path), max_bytes=1000, parser_sql="text"
        ),
        docs=str(tmp_path / "docs"),
        unpublished=str(tmp_path / "docs/.unpublished"),
        link=False,
        dry_run=False,
    )


def test_a_batch_is_synced_before_it_is_renamed_and_after(
    placer: Placer, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    really_sync, really_rename = directories.sync_file_system, os.rename

    def sync(folder: str) -> None:
        really_sync(folder)
        done.append(f"sync {Path(folder).name}")

    def rename(name: str, final: str, *, src_dir_fd: int) -> None:
        really_rename(name, final, src_dir_fd=src_dir_fd)
        done.append("rename")

    monkeypatch.setattr(placing, "sync_file_system", sync)
    monkeypatch.setattr(os, "rename", rename)
    monkeypatch.setattr(
        DocumentFiles, "planned", lambda _, places: [*map(document, places)]
    )
    assert placer.place([1, 2]).outcomes == {"placed": 2}
    assert done == ["sync .unpublished", "rename", "rename", "sync docs"]


def test_a_list_is_synced_before_it_is_renamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    really_sync, really_replace = os.fsync, os.replace

    def sync(descriptor: int) -> None:
        really_sync(descriptor)
        done.append("sync")

    def replace(*paths: Any) -> None:
        assert Path(paths[0]).read_bytes() == TEXT
        really_replace(*paths)
        done.append("replace")

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "replace", replace)
    assert publish(tmp_path / "list.csv", TEXT)
    assert done == ["sync", "replace", "sync"]
    assert [path.name for path in tmp_path.iterdir()] == ["list.csv"]


@pytest.mark.parametrize("transaction", [1, 7, 10_000])
def test_only_documents_whose_directories_are_there_get_rows(
    built_sample: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    transaction: int,
) -> None:
    root = copied(built_sample, tmp_path)
    with duckdb.connect(root / "db/build.duckdb", read_only=True) as build:
        planned = build.execute(
            "select folder || '/' || response_file, doc_dir "
            "from document_files order by write_order"
        ).fetchall()
    for response, _ in planned[2::9]:
        (root / response).write_bytes(b"changed since the build")
    for _, doc_dir in planned[6::9]:
        (root / "docs" / doc_dir).mkdir(parents=True)
    monkeypatch.setattr(batching, "_BATCHES", range(1, 2))
    monkeypatch.setattr(materialize, "_TRANSACTION", transaction)
    monkeypatch.setattr(placing, "sync_file_system", lambda _: None)
    options = materialize.Options()
    summary = materialize.materialize(open_layout(root), options, lambda *_: None)
    whole = {path.parent.name for path in root.glob("docs/*/*/*/metadata.json")}
    assert {row["doc_id"] for row in documents(root)} == whole
    assert summary.documents["placed"] == len(whole)
    assert summary.documents["response_changed"] >= len(planned[2::9])
    assert summary.documents["directory_conflict"] > 0
