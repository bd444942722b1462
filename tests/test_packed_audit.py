"""verify, reindex and restore of packed documents: as of directories."""

from pathlib import Path
from typing import Any

import pytest
from building import Run, copied
from packing import pack

from docs_index.audit.findings import as_object
from docs_index.audit.verify import Options, verify
from docs_index.layout import open_layout


def found(root: Path, share: float = 1.0) -> dict[str, Any]:
    options = Options(share=share, read_data=f"{share:.0%}")
    return as_object(verify(open_layout(root), options, lambda done, total: None))


@pytest.fixture
def packed_root(first_run: Run, tmp_path: Path) -> Path:
    root = copied(first_run.root, tmp_path)
    pack(root)
    return root


@pytest.mark.parametrize("share", [0.0, 0.05, 1.0])
def test_nothing_is_found_on_a_clean_store(packed_root: Path, share: float) -> None:
    report = found(packed_root, share)
    assert report["findings"] == []
    assert report["documents"] == report["directories"] == 32
