"""Make a data root with a generation store of any size.

`python bench/make_store.py ROOT --evaluations 100000 --essays 1000`: every essay has a
share of the evaluations, by ten templates, one of which is active, and two models.
"""

import argparse
import json
from collections.abc import Mapping
from itertools import islice, product
from pathlib import Path

TEMPLATES = [f"novelty-v{number}" for number in range(10)]
MODELS = ["sonnet-4", "plumbline-1"]


def make_store(
    root: Path, evaluations: int, essays: int, *, done: bool = False
) -> None:
    """Write the store, its tables, and a selection of all essays.

    With `done`, each evaluation has a score.
    """
    for number in range(essays):
        name = f"e{number:06}"
        draft = {"template_id": "d", "combo_id": f"c{number}", "llm_model_id": "m"}
        _generation(root, "draft", f"d{number:06}", draft)
        essay = {"template_id": "t", "parent_gen_id": f"d{number:06}"}
        folder = _generation(root, "essay", name, essay)
        (folder / "parsed.txt").write_text("An essay.\n")
    combinations = product(range(1, evaluations + 1), TEMPLATES, MODELS, range(essays))
    for place, (replicate, template, model, index) in enumerate(
        islice(combinations, evaluations)
    ):
        metadata = {
            "stage": "evaluation", "gen_id": f"v_{place:016}", "mode": "llm",
            "origin_cohort_id": f"c{place % 7}", "template_id": template,
            "combo_id": f"c{index}", "parent_gen_id": f"e{index:06}",
            "llm_model_id": model, "replicate": replicate,
            "notes": {"length": "of a usual file", "padding": "x" * 200},
        }  # fmt: skip
        folder = _generation(root, "evaluation", f"v_{place:016}", metadata)
        if done:
            (folder / "parsed.txt").write_text(f"{place % 10}.0\n")
    tables = {
        "evaluation_templates": ["template_id,parser,active"]
        + [f"{name},in_last_line,{name == TEMPLATES[0]}" for name in TEMPLATES],
        "llm_models": ["id,model,for_evaluation"]
        + [f"{name},x/{name},true" for name in MODELS],
        "replication_config": ["stage,replicates", "evaluation,4"],
    }
    (root / "1_raw/templates/evaluation").mkdir(parents=True)
    for name, lines in tables.items():
        (root / f"1_raw/{name}.csv").write_text("\n".join(lines) + "\n")
    text = root / f"1_raw/templates/evaluation/{TEMPLATES[0]}.txt"
    text.write_text("{{ response }}\nSCORE: ?\n")
    (root / "2_tasks").mkdir()
    (root / "2_tasks/selected_essays.txt").write_text(
        "# mode: evaluation-only\n# include-existing-evaluations\n"
        + "".join(f"e{number:06}\n" for number in range(essays))
    )


def _generation(
    root: Path, stage: str, name: str, metadata: Mapping[str, object]
) -> Path:
    folder = root / "gens" / stage / name
    folder.mkdir(parents=True)
    (folder / "metadata.json").write_text(json.dumps(metadata, indent=2))
    return folder


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path)
    parser.add_argument("--evaluations", type=int, default=100_000)
    parser.add_argument("--essays", type=int, default=1_000)
    parser.add_argument("--done", action="store_true", help="with scores")
    arguments = parser.parse_args()
    make_store(
        arguments.root, arguments.evaluations, arguments.essays, done=arguments.done
    )


if __name__ == "__main__":
    main()
