"""A process removes its scratch folder, or the next run does."""

import tempfile
from pathlib import Path

from docs_index.disk.scratch import remove_leftovers, scratch_folder
from docs_index.layout import Layout


def test_a_run_removes_what_nobody_uses_any_more(tmp_path: Path) -> None:
    with scratch_folder(tmp_path) as used:
        prefix = used.name.removesuffix(used.name.rpartition("_")[2])
        left = Path(tempfile.mkdtemp(prefix=prefix))
        (left / "x").write_text("of a killed process")
        (used / "x").write_text("of a living one")
        remove_leftovers(Layout(tmp_path))
        assert (used / "x").exists()
        assert not left.exists()
    assert not used.exists()
