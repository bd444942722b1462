"""Cohorts with scores, and the scripts that read them."""

import csv
import io
import os
import random
import sys
from pathlib import Path

from building import Process, run_command, write
from cohort_oracle import COLUMNS
from cohort_roots import campaign_root, generation
from harness import PARSED


def command(root: Path, script: str, *args: str, **environment: str) -> Process:
    """Run a script on a data root; dbt's files are in a folder next to the root."""
    target = root.parent / "dbt"
    if PARSED.exists() and not target.exists():
        target.mkdir()
        (target / PARSED.name).write_bytes(PARSED.read_bytes())
    changes = {"DATA_ROOT": str(root), "DBT_TARGET_PATH": str(target), **environment}
    kept = {key: value for key, value in os.environ.items() if key != "DD_COHORT"}
    words = [sys.executable, f"scripts/{script}.py", *args]
    return run_command(words, kept | changes)


def judged(root: Path, seed_number: int = 1, essays: int = 4) -> Path:
    """Write a root with a cohort `here`: three judges, two templates, replicates."""
    names = [f"e{number}" for number in range(essays)]
    judges = ("sonnet-4", "<b>&\u202e", "m3")
    templates = ("novelty", "depth")
    campaign_root(root, names, models=("sonnet-4",), templates=templates)
    draw = random.Random(seed_number)
    rows: list[list[str]] = []
    for essay in names:
        for template in templates:
            for place, model in enumerate(judges):
                for number in (1, 2):
                    name = f"v_{essay}_{template}_{place}_{number}"
                    score = None if draw.random() < 0.1 else draw.randrange(10)
                    files = {} if score is None else {"parsed": f"{score}.0\n"}
                    generation(root, "evaluation", name, metadata={}, **files)
                    rows.append(["evaluation", name, "here", essay, "c", template,
                                 model, str(number)])  # fmt: skip
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *rows])
    write(root, "cohorts/here/membership.csv", text.getvalue())
    return root
