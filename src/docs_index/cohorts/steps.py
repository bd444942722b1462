"""The three steps of an evaluation: prompt, raw answer, parsed text.

Scripts and Dagster run the same steps. If the evaluation is done, a step logs that,
returns the text on disk, writes nothing and asks no model. Otherwise it uses its own
output if that exists: an answer that was paid for is never bought again. Each step
returns the text of its file, an empty text if a done evaluation lacks the file.
"""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from docs_index.cohorts.campaign import Campaign, Evaluation
from docs_index.cohorts.endpoint import LanguageModel
from docs_index.cohorts.generation_files import (
    PARSED,
    PARSED_METADATA,
    PROMPT,
    RAW,
    RAW_METADATA,
    held,
    parsed_exists,
    read_text,
    write_text,
)
from docs_index.errors import BlockedError, DataRootError, UnparsedError
from docs_index.paths import is_file, is_folder, real_path

logger = logging.getLogger(__name__)

_LAST_LINES = 3
_SHOWN_CHARS = 300
_AGAIN = f"delete its {RAW} and {RAW_METADATA} to ask the model again"
# Exceptions that rendering a user's template may raise.
_TEMPLATE_ERRORS = (
    jinja2.TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
)


def evaluation_prompt(campaign: Campaign, gen_id: str) -> str:
    """Render an evaluation's template with its essay, and return the prompt.

    Raises:
        BlockedError: the essay's text, the template or its parser is missing or cannot
            be used.
    """
    evaluation = campaign.evaluation(gen_id)
    folder = campaign.folder(evaluation)

    def make() -> str:
        text = _rendered(campaign, evaluation)
        write_text(folder, PROMPT, text)
        return text

    return _made_once(folder, PROMPT, make)


def evaluation_raw(campaign: Campaign, gen_id: str, model: LanguageModel) -> str:
    """Ask the language model for an evaluation, and return its answer.

    The answer is on disk when this returns. If several run at once, one buys it, and
    the others wait for it.

    Raises:
        BlockedError: the prompt is missing, or the template's parser is not known.
        AnswerError: the endpoint gave no answer.
    """
    evaluation = campaign.evaluation(gen_id)
    folder = campaign.folder(evaluation)
    return _made_once(folder, RAW, lambda: _bought(campaign, evaluation, model))


def evaluation_parsed(campaign: Campaign, gen_id: str) -> str:
    """Run the template's parser on an evaluation's answer, and return the result.

    Raises:
        BlockedError: the answer is missing.
        UnparsedError: the answer was cut off, or the parser failed on it.
    """
    evaluation = campaign.evaluation(gen_id)
    folder = campaign.folder(evaluation)
    found = _skipped(folder, PARSED)
    if found is not None:
        return found
    answer = read_text(folder, RAW)
    if answer is None:
        raise BlockedError(f"{gen_id} has no {RAW} yet: run evaluation_raw first")
    text = parsed_answer(campaign, evaluation, answer)
    metadata = {
        "parser": _parser(campaign, evaluation),
        "raw_chars": len(answer),
        "parsed_chars": len(text),
    }
    with held(folder):
        write_text(folder, PARSED_METADATA, _json(metadata))
        write_text(folder, PARSED, text)
    return text


def parsed_answer(campaign: Campaign, evaluation: Evaluation, answer: str) -> str:
    """Return the parsed text of an answer, by the template's parser; write nothing.

    Raises:
        UnparsedError: the answer was cut off, or the parser failed on it.
        BlockedError: the template or its parser is no longer known.
    """
    if _is_truncated(campaign.folder(evaluation)):
        raise UnparsedError(
            f"{evaluation.gen_id}: the answer is truncated, the model stopped at its "
            f"length limit: {_AGAIN}"
        )
    parser = _parser(campaign, evaluation)
    text = campaign.parser.parse(parser, answer)
    if text is None:
        lines = [line.strip() for line in answer.splitlines() if line.strip()]
        shown = " / ".join(lines[-_LAST_LINES:])[-_SHOWN_CHARS:]
        raise UnparsedError(
            f"{evaluation.gen_id}: parser {parser} finds no result in the answer, "
            f"which ends {shown!r}: {_AGAIN}"
        )
    return text


def _made_once(folder: Path, name: str, make: Callable[[], str]) -> str:
    """Return a file's text; if it is missing, write the text of `make`, only once."""
    found = _skipped(folder, name)
    if found is None:
        found = read_text(folder, name)
    if found is None:
        _check_folder(folder)
        with held(folder):
            found = read_text(folder, name)
            if found is None:
                found = make()
    return found


def _skipped(folder: Path, name: str) -> str | None:
    """Return a file's text if the evaluation is done, else None."""
    if not parsed_exists(folder):
        return None
    logger.info("Skipping %s: parsed.txt already exists", folder.name)
    return read_text(folder, name) or ""


def _check_folder(folder: Path) -> None:
    if not is_folder(folder):
        raise BlockedError(f"{folder} is missing: build the cohort again")


def blocked_by(campaign: Campaign, evaluation: Evaluation) -> str | None:
    """Return why an evaluation cannot be run, None if it can.

    The template is not rendered, so the prompt may still fail.
    """
    try:
        _check_inputs(campaign, evaluation)
        _endpoint_model(campaign, evaluation)
    except BlockedError as error:
        return str(error)
    return None


def _check_inputs(campaign: Campaign, evaluation: Evaluation) -> tuple[Path, Path]:
    """Return the files of the essay's text and of the template.

    Checks the parser too, so that no answer is bought that nothing can parse.
    """
    _parser(campaign, evaluation)
    essay = campaign.essay_folder(evaluation) / PARSED
    if not is_file(essay):
        raise BlockedError(f"{essay} is missing: finish the essay first")
    template = campaign.layout.template(evaluation.template_id)
    if not is_file(template):
        raise BlockedError(f"{template} is missing: write the template")
    return essay, template


def _parser(campaign: Campaign, evaluation: Evaluation) -> str | None:
    """Return the parser of an evaluation's template, None without one."""
    table, template_id = campaign.layout.evaluation_templates, evaluation.template_id
    if template_id not in campaign.parsers:
        raise BlockedError(
            f"{evaluation.gen_id}: template {template_id} is not in {table}: add it"
        )
    parser = campaign.parsers[template_id]
    known = campaign.parser.names
    if parser is not None and parser not in known:
        raise BlockedError(
            f"{evaluation.gen_id}: template {template_id} has the parser {parser!r} in "
            f"{table}, which is none of {', '.join(sorted(known))}: correct it"
        )
    return parser


def _rendered(campaign: Campaign, evaluation: Evaluation) -> str:
    essay, template = (
        _input_text(campaign, path) for path in _check_inputs(campaign, evaluation)
    )
    environment = SandboxedEnvironment(undefined=jinja2.StrictUndefined)
    try:
        return environment.from_string(template).render(response=essay)
    except _TEMPLATE_ERRORS as error:
        path = campaign.layout.template(evaluation.template_id)
        raise BlockedError(
            f"{path} cannot be rendered: {error}; correct the template, whose one "
            "variable is response"
        ) from error


def _input_text(campaign: Campaign, path: Path) -> str:
    """Return the text of a file of another program, which may be a link."""
    try:
        campaign.layout.refuse_link_out(path)
    except DataRootError as error:
        raise BlockedError(str(error)) from error
    followed = Path(real_path(path))
    return read_text(followed.parent, followed.name) or ""


def _endpoint_model(campaign: Campaign, evaluation: Evaluation) -> str:
    name = campaign.models.get(evaluation.llm_model_id)
    if name is None:
        raise BlockedError(
            f"model {evaluation.llm_model_id} is not in {campaign.layout.models}: "
            "add it"
        )
    return name


def _bought(campaign: Campaign, evaluation: Evaluation, model: LanguageModel) -> str:
    """Buy an answer and write it to disk, after its raw_metadata.json."""
    folder = campaign.folder(evaluation)
    prompt = read_text(folder, PROMPT)
    if prompt is None:
        raise BlockedError(
            f"{evaluation.gen_id} has no {PROMPT} yet: run evaluation_prompt first"
        )
    _parser(campaign, evaluation)
    answer = model.ask(_endpoint_model(campaign, evaluation), prompt)
    metadata = asdict(answer)
    text = metadata.pop("text")
    metadata["llm_model_id"] = evaluation.llm_model_id
    write_text(folder, RAW_METADATA, _json(metadata))
    write_text(folder, RAW, text)
    return answer.text


def _is_truncated(folder: Path) -> bool:
    try:
        metadata = json.loads(read_text(folder, RAW_METADATA) or "{}")
    except ValueError:
        return False
    if not isinstance(metadata, dict):
        return False
    return bool(metadata.get("truncated")) or metadata.get("finish_reason") == "length"


def _json(values: Mapping[str, object]) -> str:
    return json.dumps(values, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
