"""The names that columns of exports usually have, the likeliest of each first."""

from collections.abc import Mapping, Sequence

NAMES: Mapping[str, Sequence[str]] = {
    "task_id": (
        "task_id", "question_id", "task", "topic", "doc_id", "prompt_id", "example_id",
        "item_id", "custom_id",
    ),
    "template_id": ("template_id", "template", "prompt_name"),
    "model_id": (
        "model_id", "model", "model_name", "model.name", "model.id", "generator",
        "engine", "response.model", "response.body.model",
    ),
    "run_id": ("run_id", "run", "experiment_id", "experiment"),
    "prompt": (
        "prompt", "question", "instruction", "user_prompt", "input", "query", "ask",
    ),
    "response": (
        "response", "output", "answer", "completion", "text", "generation", "content",
        "reply", "response_text", "response.text", "judgment", "judgement",
    ),
    "status": ("status", "state"),
    "created_at": (
        "created_at", "timestamp", "tstamp", "created", "datetime", "time", "date",
        "when", "at", "asked_at", "ts",
    ),
}  # fmt: skip

IDS = ("id", "uuid", "record_id", "answer_id", "response_id", "custom_id")
SCORES = ("score", "points", "rating", "grade", "label", "stars", "verdict", "marks")
JUDGES = ("judge", "rater", "grader", "annotator", "evaluator", "reviewer")
REASONS = (
    "judgment", "judgement", "reason", "explanation", "rationale", "remark", "comment",
    "feedback", *NAMES["response"],
)  # fmt: skip
JUDGED = (
    "target_id", "target", "answer_id", "answer", "response_id", "output_id", "text_id",
    "generation_id", "completion_id", "sample_id",
)  # fmt: skip
