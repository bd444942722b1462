"""State the contract of cohorts in plain Python, as an oracle of their membership.

Tests compare the project's SQL with what ``membership`` returns. The module is written
from the contract alone and imports nothing of the project. It reads a data root and
never writes. Loops are as slow as they are plain.
"""

import csv
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BLANKS = " \t\r\n"
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
COLUMNS = [
    "stage", "gen_id", "cohort_id", "parent_gen_id", "combo_id", "template_id",
    "llm_model_id", "replicate",
]  # fmt: skip
MODES = {"evaluation-only", "evaluations-only", "reuse-essays"}
INCLUDE = {
    "include-existing-evaluations", "backfill-mode", "fill-up", "fillup",
    "skip-existing-evaluations",
}  # fmt: skip
MISSPELT = r"[# \t]*(mode|include|skip|fill|backfill|templates?|models?)(?![a-z0-9])"
NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")

Metadata = dict[str, str]


@dataclass
class Expected:
    """What building a cohort must yield: rows, or the subjects of faults."""

    rows: list[list[str]]
    new: dict[str, dict[str, Any]]
    faulty: set[str]


def gen_id(essay: str, template: str, model: str, replicate: int) -> str:
    """Return the id of an evaluation, by docs/cohorts.md, section 4."""
    parts = [part.strip().lower() for part in (essay, template, model)]
    text = "|".join([*parts, str(replicate)])
    number = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=10).digest())
    digits = ""
    while number:
        digits = DIGITS[number % 36] + digits
        number //= 36
    return "v_" + digits


def generations(root: Path, stage: str) -> dict[str, Metadata]:
    """Return the usable generations of a stage, by their folders' names."""
    found = {}
    for folder in sorted((root / "gens" / stage).glob("*")):
        try:
            content = json.loads((folder / "metadata.json").read_bytes())
        except (OSError, ValueError):
            continue
        if isinstance(content, dict):
            content = {k: v for k, v in content.items() if v is not None}
            texts = {
                k: str(v).strip(BLANKS)
                for k, v in content.items()
                if isinstance(v, str | int) and not isinstance(v, bool)
            }
            if not texts.get("template_id"):
                texts["template_id"] = texts.get(f"{stage}_template", "")
            found[folder.name] = texts
    return found


def table(root: Path, name: str) -> list[dict[str, str]]:
    """Return a CSV table of 1_raw, trimmed."""
    with (root / "1_raw" / name).open(newline="", encoding="utf-8-sig") as file:
        return [
            {k: (v or "").strip(BLANKS) for k, v in row.items()}
            for row in csv.DictReader(file)
        ]


Named = dict[str, set[str]]
"""The names that lines of the selection list, by `templates` and `models`."""


def selection(root: Path) -> tuple[list[str], Named, bool, bool]:
    """Return the essays, the names, whether others count, and whether it is wrong."""
    text = (root / "2_tasks" / "selected_essays.txt").read_text("utf-8-sig")
    essays: list[str] = []
    named: Named = {}
    modes = set()
    includes = wrong = False
    for line in (line.strip(BLANKS) for line in text.split("\n")):
        if not line.startswith("#"):
            essays += [line] if line and line not in essays else []
            continue
        words = line[1:].strip(BLANKS).lower().replace("_", "-")
        name, colon, value = words.partition(":")
        if name.rstrip(" \t") == "mode" and colon:
            modes.add(value.strip(BLANKS))
        elif words in INCLUDE:
            includes = True
        elif (kind := name.rstrip(" \t")) in ("templates", "models") and colon:
            listed = {each.strip(BLANKS) for each in line.partition(":")[2].split(",")}
            named.setdefault(kind, set()).update(listed - {""})
            wrong = wrong or listed == {""}
        elif re.match(MISSPELT, words):
            wrong = True
    wrong = wrong or not modes or not modes <= MODES or not essays
    return essays, named, includes, wrong


def essay_is_faulty(essay: str, essays: Any, drafts: Any) -> bool:
    """Tell whether an essay cannot be evaluated, by docs/cohorts.md, section 3."""
    found = essays.get(essay)
    if found is None or not NAME.fullmatch(essay):
        return True
    draft = drafts.get(found.get("parent_gen_id", ""))
    if not found.get("template_id") or draft is None:
        return True
    if not draft.get("combo_id") or not draft.get("template_id"):
        return True
    return not (found.get("llm_model_id") or draft.get("llm_model_id"))


def membership(root: Path, cohort_id: str, *, prefers_done: bool = False) -> Expected:
    """Return what membership.csv must hold, and which directories are added."""
    essays, named, includes, is_wrong = selection(root)
    templates = table(root, "evaluation_templates.csv")
    models = table(root, "llm_models.csv")
    counts = table(root, "replication_config.csv")
    stored = {
        stage: generations(root, stage) for stage in ("draft", "essay", "evaluation")
    }
    faulty = {
        essay
        for essay in essays
        if essay_is_faulty(essay, stored["essay"], stored["draft"])
    }
    names = [row["template_id"] for row in templates]
    active = [
        row["template_id"]
        for row in templates
        if row.get("active", "true").lower() == "true"
    ]
    if "templates" in named:
        active = [name for name in names if name in named["templates"]]
    if len(set(names)) < len(names) or not (active or "templates" in named):
        faulty.add("1_raw/evaluation_templates.csv")
    ids = [row["id"] for row in models]
    judges = [row["id"] for row in models if row["for_evaluation"].lower() == "true"]
    if "models" in named:
        judges = [name for name in ids if name in named["models"]]
    unknown = named.get("templates", set()) - set(names)
    unknown |= named.get("models", set()) - set(ids)
    if is_wrong or unknown:
        faulty.add("2_tasks/selected_essays.txt")
    if len(set(ids)) < len(ids) or not (judges or "models" in named):
        faulty.add("1_raw/llm_models.csv")
    numbers = [row["replicates"] for row in counts if row["stage"] == "evaluation"]
    if len(numbers) != 1 or not re.fullmatch("0*[1-9][0-9]*", numbers[0]):
        faulty.add("1_raw/replication_config.csv")
    if faulty:
        return Expected([], {}, faulty)
    count = int(numbers[0])
    ranks = standing(root) if prefers_done else {}
    return _members(root, cohort_id, essays, includes, active, judges, count, ranks)


def standing(root: Path) -> dict[str, int]:
    """Return 0 for each evaluation that is done, 1 for an answered one, else 2."""
    ranks = {}
    for folder in (root / "gens" / "evaluation").glob("*"):
        path = folder / "raw_metadata.json"
        told = json.loads(path.read_text()) if path.exists() else {}
        is_answered = (folder / "raw.txt").exists() and not told.get("failure")
        ranks[folder.name] = 1 if is_answered else 2
        if (folder / "parsed.txt").exists():
            ranks[folder.name] = 0
    return ranks


def _members(
    root: Path,
    cohort_id: str,
    essays: list[str],
    includes: bool,
    templates: list[str],
    models: list[str],
    count: int,
    ranks: dict[str, int],
) -> Expected:
    stored = {
        stage: generations(root, stage) for stage in ("draft", "essay", "evaluation")
    }
    taken = {path.name for path in (root / "gens" / "evaluation").glob("*")}
    rows: list[list[str]] = []
    new: dict[str, dict[str, Any]] = {}
    drafts = []
    for essay in essays:
        found = stored["essay"][essay]
        draft_id = found["parent_gen_id"]
        draft = stored["draft"][draft_id]
        if draft_id not in drafts:
            drafts.append(draft_id)
            model = draft.get("llm_model_id") or found["llm_model_id"]
            rows.append([
                "draft", draft_id, cohort_id, "", draft["combo_id"],
                draft["template_id"], model, draft.get("replicate", ""),
            ])  # fmt: skip
    for essay in essays:
        found = stored["essay"][essay]
        draft = stored["draft"][found["parent_gen_id"]]
        rows.append([
            "essay", essay, cohort_id, found["parent_gen_id"], draft["combo_id"],
            found["template_id"], found.get("llm_model_id") or draft["llm_model_id"],
            found.get("replicate", ""),
        ])  # fmt: skip
    in_file = {row[1] for row in rows}
    for essay in essays:
        combo = stored["draft"][stored["essay"][essay]["parent_gen_id"]]["combo_id"]
        for template in templates:
            for model in models:
                existing = {
                    name: values
                    for name, values in stored["evaluation"].items()
                    if (
                        values.get("parent_gen_id"), values.get("template_id"),
                        values.get("llm_model_id"),
                    ) == (essay, template, model)
                }  # fmt: skip
                own = sorted(
                    (int(values["replicate"]), name)
                    for name, values in existing.items()
                    if values.get("origin_cohort_id") == cohort_id
                )[:count]
                left = set(existing) - {
                    name for name, values in existing.items()
                    if values.get("origin_cohort_id") == cohort_id
                }  # fmt: skip
                by_rank = sorted(left, key=lambda name: (ranks.get(name, 0), name))
                others = sorted(by_rank[: count - len(own)]) if includes else []
                replicate = 0
                while len(own) + len(others) < count:
                    replicate += 1
                    name = gen_id(essay, template, model, replicate)
                    if name not in taken and name not in in_file:
                        in_file.add(name)
                        own.append((replicate, name))
                        new[name] = {
                            "stage": "evaluation", "gen_id": name, "mode": "llm",
                            "origin_cohort_id": cohort_id, "template_id": template,
                            "combo_id": combo, "parent_gen_id": essay,
                            "llm_model_id": model, "replicate": replicate,
                        }  # fmt: skip
                listed = [(n, existing[n].get("replicate", "")) for n in others]
                listed += [(n, str(number)) for number, n in sorted(own)]
                rows += [
                    ["evaluation", n, cohort_id, essay, combo, template, model, r]
                    for n, r in listed
                ]
    return Expected(rows, new, set())
