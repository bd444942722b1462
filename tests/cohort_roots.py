"""Make data roots with a generation store, by hand and at random."""

import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from building import write
from cohort_oracle import COLUMNS, gen_id

TEMPLATE = "Judge this:\n{{ response }}\nEnd with SCORE: n"
BOTH = "# mode: evaluation-only\n# include-existing-evaluations\n"


def generation(
    root: Path, stage: str, name: str, **files: str | Mapping[str, Any]
) -> Path:
    """Write a generation; `metadata` is JSON, other keys are texts (`raw="…"`)."""
    for key, content in files.items():
        is_json = key.endswith(("metadata", "raw_response"))
        text = content if isinstance(content, str) else json.dumps(content)
        suffix = "json" if is_json else "txt"
        write(root, f"gens/{stage}/{name}/{key}.{suffix}", text)
    return root / "gens" / stage / name


def campaign_root(
    root: Path,
    essays: Sequence[str] = ("e1", "e2"),
    *,
    replicates: int = 1,
    models: Sequence[str] = ("sonnet-4",),
    templates: Sequence[str] = ("novelty",),
) -> Path:
    """Write a root whose essays are finished, selected and not evaluated."""
    for essay in essays:
        draft = {"template_id": "d", "combo_id": f"c-{essay}", "llm_model_id": "m"}
        generation(root, "draft", f"d-{essay}", metadata=draft)
        metadata = {"template_id": "t", "parent_gen_id": f"d-{essay}"}
        text = f"The essay {essay}."
        generation(root, "essay", essay, metadata=metadata, parsed=text)
    for template in templates:
        write(root, f"1_raw/templates/evaluation/{template}.txt", TEMPLATE)
    tables(
        root,
        evaluation_templates=["template_id,parser"]
        + [f"{name},in_last_line" for name in templates],
        llm_models=["id,model,for_evaluation"]
        + [f"{name},vendor/{name},true" for name in models],
        replication_config=["stage,replicates", f"evaluation,{replicates}"],
    )
    select(root, BOTH + "\n".join(essays) + "\n")
    return root


def cohort(root: Path, essays: Sequence[str] = ("e1", "e2")) -> Path:
    """Write a root with a cohort `here` of one evaluation an essay, built by hand."""
    campaign_root(root, essays)
    rows = [",".join(COLUMNS)]
    for essay in essays:
        generation(root, "evaluation", f"v_{essay}", metadata={})
        rows.append(f"evaluation,v_{essay},here,{essay},c,novelty,sonnet-4,1")
    write(root, "cohorts/here/membership.csv", "\n".join(rows) + "\n")
    return root


def tables(root: Path, **lines: Sequence[str]) -> None:
    """Write tables of 1_raw, a line each."""
    for name, rows in lines.items():
        write(root, f"1_raw/{name}.csv", "".join(f"{row}\n" for row in rows))


def select(root: Path, text: str) -> None:
    """Write the selection file."""
    write(root, "2_tasks/selected_essays.txt", text)


def random_root(root: Path, seed: int) -> None:
    """Write a small root whose every rule is at work, faults now and then."""
    draw = random.Random(seed)
    odd = draw.random() < 0.25  # a root that may have faults
    drafts, essays = ["d1", "d2", "d.3"], ["e1", "E1", "e2", "e-3", "e_4"]
    templates = draw.sample(["novelty", "Novelty", "novelty-v2", "depth"], 3)
    models = draw.sample(["sonnet-4", "SONNET-4", "gpt,5", "m4"], 3)
    cohorts = ["here", "there", "HERE", None, " here "]
    for name in drafts:
        metadata = {
            draw.choice(["template_id", "draft_template"]): " dt ",
            "combo_id": f"combo {name}",
            "llm_model_id": draw.choice(["writer", "", None]),
            "replicate": draw.choice([1, "2", None]),
            "unknown": {"deep": [1, None]},
        }
        if odd and draw.random() < 0.2:
            del metadata["combo_id"]
        generation(root, "draft", name, metadata=metadata)
    for name in essays:
        metadata = {
            "template_id": draw.choice([f"et\t{name}", "et"]),
            "essay_template": "older",
            "parent_gen_id": draw.choice(drafts),
            "llm_model_id": "writer" if not odd else draw.choice(["writer", None]),
            "stage": "draft",
            "gen_id": "somebody else",
        }
        if odd and draw.random() < 0.15:
            metadata["parent_gen_id"] = draw.choice(["", "gone", None])
        if not (odd and draw.random() < 0.1):
            generation(root, "essay", name, metadata=metadata)
    for number in range(draw.randrange(40)):
        combination = (
            draw.choice(essays), draw.choice(templates), draw.choice(models)
        )  # fmt: skip
        replicate = draw.randrange(1, 5)
        is_hashed = draw.random() < 0.6
        name = gen_id(*combination, replicate) if is_hashed else f"x{number}"
        metadata = {
            "parent_gen_id": f" {combination[0]}", "template_id": combination[1],
            "llm_model_id": combination[2], "replicate": replicate,
            "origin_cohort_id": draw.choice(cohorts),
        }  # fmt: skip
        if draw.random() < 0.2:
            metadata["evaluation_template"] = metadata.pop("template_id")
        content: Any = metadata
        if draw.random() < 0.15:
            content = draw.choice(["{", "[]", '"text"', "", '{"a": 1'])
        files: dict[str, Any] = {}
        if draw.random() < 0.5:
            files["raw"] = "SCORE: 1"
            files["raw_metadata"] = {"failure": draw.choice([None, "no_text"])}
        if draw.random() < 0.4:
            files["parsed"] = "1.0"
        generation(root, "evaluation", name, metadata=content, **files)
    listed = draw.sample(templates, draw.randrange(1, 4))
    rows = [f"{name}, in_last_line ,{draw.choice(['true', 'TRUE', ' True', 'no', ''])}"
            for name in listed]  # fmt: skip
    header = "template_id,parser,active"
    if draw.random() < 0.3:
        header, rows = "template_id,parser", [f"{name},in_last_line" for name in listed]
    judges = draw.sample(models, draw.randrange(1, 4))
    answers = ["true", "TRUE", "true "] + ["false", "1"] * odd
    model_rows = [
        f'" {name}",x,{draw.choice(answers)}' for name in judges
    ]  # fmt: skip
    count = draw.choice(["1", "2", "3", " 4 "])
    if odd:
        count = draw.choice([count, count, "0", "x", "", "-1", "2.0"])
        rows += draw.choice([[], [], rows[:1]])
    tables(
        root,
        evaluation_templates=[header, *rows],
        llm_models=["id,model,for_evaluation", *model_rows],
        replication_config=["stage,replicates", "essay,x", f"evaluation,{count}"],
    )
    mode = ["# mode: evaluation-only", "#MODE:reuse_essays", "# Mode: Evaluations-Only"]
    include = ["# include_existing-evaluations", "#FILL-UP", "# backfill_mode", "", "#"]
    if odd:
        mode += ["", "# mode: all", "# mode", "# modest"]
        include += ["# fill it up", "# includes", "# skip-existing", "# fill-ups"]
    chosen = [draw.choice(essays) for _ in range(draw.randrange(1, 6))]
    lines = [draw.choice(mode), draw.choice(include), "", "# Words."]
    lines += _restrictions(draw, listed if not odd else templates, judges, odd=odd)
    lines += [f"{name}{draw.choice(['', ' ', chr(13)])}" for name in chosen]
    start = draw.choice(["", "\ufeff"])
    select(root, start + "\n".join(lines) + draw.choice(["", "\n"]))


def _restrictions(
    draw: random.Random, templates: Sequence[str], models: Sequence[str], *, odd: bool
) -> list[str]:
    """Return lines that restrict a cohort to some templates and models, or none."""
    lines = []
    for name, known in (("templates", templates), ("models", models)):
        known = [each for each in known if "," not in each]
        if known and draw.random() < 0.3:
            some = draw.sample(known, draw.randrange(1, len(known) + 1))
            lines.append(
                f"#{name.upper()} : {draw.choice([', ', ' ,', ',,']).join(some)}"
            )
            lines += [f"# {name}: {draw.choice(known)}"] * (draw.random() < 0.3)
        if odd and draw.random() < 0.15:
            odd_lines = ["# {}:", "# {}: ,", "# {}: gone", "# {}", "# {}ed: x"]
            lines.append(draw.choice(odd_lines).format(name))
    return lines
