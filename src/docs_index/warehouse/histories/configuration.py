"""The model of `histories.yml`: which keys there are, and what their values may be.

Owns the form of the file; docs/histories.schema.json is made from it. What keys mean
together, and which files there are, is in `checking`.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    WithJsonSchema,
)
from pydantic_core import CoreSchema

from docs_index.warehouse.histories.source_paths import check_pattern
from docs_index.warehouse.histories.values import (
    OPTIONAL,
    Path,
    Value,
    ValueFaultError,
    parse_part,
    parse_path,
    parse_value,
)

TOOLS = ("inspect", "lm_eval", "llm", "promptfoo", "openai_batch", "mlflow")
SOURCE_NAME = r"^[a-z][a-z0-9_]{0,40}$"
STAGE_NAME = r"^[a-z][a-z0-9_]{0,30}$"
TABLES = ("draft", "link", "essay", "evaluation")
"""The sources that are no histories, to whose documents a link may lead."""

RESERVED = (*TABLES, "runtime")
"""The names that no source of the file may have."""

_VALUE_WORDS = (
    "A column, or a path into the row (`response.body.model`, `judge[1]`); in `each`, "
    "`.x` of the element, `.` it, `#` its number, `#-1` the number before; `= text` a "
    "constant; `file /RE/` the first group in the file's name; or a list of these, "
    "joined with a slash, whose first item may be `optional`."
)
_TEXT_SCHEMA: dict[str, Any] = {"type": "string", "minLength": 1}
VALUE_SCHEMA: dict[str, Any] = {
    "anyOf": [_TEXT_SCHEMA, {"type": "array", "items": _TEXT_SCHEMA, "minItems": 1}],
    "description": _VALUE_WORDS,
}
_PLAIN_SCHEMA: dict[str, Any] = {"type": ["string", "number", "boolean", "null"]}


def _as_list(given: Any) -> Any:
    return [given] if isinstance(given, str) else given


def _as_from(given: Any) -> Any:
    return given if isinstance(given, dict) else {"from": given}


def _pattern(given: str) -> str:
    check_pattern(given)
    return str(given)


def _kept(given: Any) -> dict[str, Value]:
    """Return what is kept by name: of a path, a list of paths, or names and values."""
    if isinstance(given, dict):
        return {key: parse_value(each) for key, each in given.items()}
    items = _as_list(given)
    if not isinstance(items, list):
        raise ValueFaultError("keep a path, a list of paths, or `name: value` pairs")
    is_optional = items[:1] == [OPTIONAL]
    kept: dict[str, Value] = {}
    for item in items[is_optional:]:
        value = parse_value(item)
        [part] = value.parts if len(value.parts) == 1 else [None]
        if not isinstance(part, Path):
            raise ValueFaultError(
                f"{item} has no name: write `name: {item}` to keep it"
            )
        name = part.name or "element"
        if name in kept:
            raise ValueFaultError(f"{name!r} is kept twice: take one out")
        kept[name] = Value(value.parts, value.written, is_optional)
    return kept


def _each(given: Any) -> tuple[Path, ...]:
    items = _as_list(given)
    if not isinstance(items, list) or not items:
        raise ValueFaultError("name the list in a row, or the lists to go down into")
    parts = [parse_part(item) for item in items]
    paths = [part for part in parts if isinstance(part, Path)]
    if len(paths) < len(parts):
        raise ValueFaultError("name the list in a row by its column or path")
    first, *inner = paths
    dotted = (path.text if path.of_element else f".{path.text}" for path in inner)
    return (first, *map(parse_path, dotted))


def _wanted(given: Any) -> dict[str, tuple[str | None, ...]]:
    if not isinstance(given, dict):
        raise ValueFaultError("write `field: value`, or `field: [value, ...]`")
    return {
        key: tuple(map(_plain, each if isinstance(each, list) else [each]))
        for key, each in given.items()
    }


def _plain(given: Any) -> str | None:
    if given is not None and not isinstance(given, str):
        raise ValueFaultError("a field is compared with words and numbers only")
    text = None if given is None else str(given)
    # As JSON writes them; `yes` and `on` stay words.
    is_truth = text is not None and type(given) is not str
    return text.lower() if text and is_truth and text.lower() in _TRUTHS else text


_TRUTHS = ("true", "false")

Field_ = Annotated[
    Value,
    BeforeValidator(parse_value),
    WithJsonSchema(VALUE_SCHEMA, mode="validation"),
]
Word = Annotated[str, WithJsonSchema({"type": ["string", "number", "boolean"]})]
Files = Annotated[
    list[Annotated[str, AfterValidator(_pattern)]],
    BeforeValidator(_as_list),
    Field(
        min_length=1,
        description=(
            "Paths from the data root on, or globs (`*`, `?`, `[ ]`, `**`), none of "
            "which leads out of it."
        ),
    ),
    WithJsonSchema(
        {
            "anyOf": [
                _TEXT_SCHEMA,
                {"type": "array", "items": _TEXT_SCHEMA, "minItems": 1},
            ]
        }
    ),
]
Stage = Annotated[
    str | None,
    Field(
        pattern=STAGE_NAME,
        description=(
            "The stage of the documents, by default the kind. `draft` and `essay` are "
            "of generations, `evaluation` is of judgements."
        ),
    ),
]
Parser = Annotated[
    str | None,
    Field(description="The parser of the responses, as in 1_raw/parsers.csv."),
]


class _Keys(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        arbitrary_types_allowed=True,
        validate_default=False,
    )


class _OrValue(_Keys):
    """A model that a value alone stands for, as its `from`."""

    from_: Field_ = Field(alias="from")

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        schema = handler.resolve_ref_schema(handler(core_schema))
        return {"anyOf": [*VALUE_SCHEMA["anyOf"], schema]}


class Moment(_OrValue):
    """When a record was made."""

    as_: str = Field(
        "iso",
        alias="as",
        description="How times are written: iso, epoch, epoch_ms, or a strptime form.",
        examples=["iso", "epoch", "epoch_ms", "%Y%m%d_%H%M%S"],
    )
    zone: str = Field(
        "UTC",
        description="The time zone of times that name none, such as Europe/Berlin.",
    )


class Status(_OrValue):
    """How the making of a record ended, and the words for success."""

    success: list[Word] | None = Field(
        None, min_length=1, description="The words that mean success, in any case."
    )


class Link(_Keys):
    """A record that another one was made from, or that it judges."""

    source: str | None = Field(
        None,
        description=(
            "The source of the record: one of this file, by default this one, or one "
            "of the tables: draft, link, essay, evaluation."
        ),
    )
    id: Field_ | None = Field(None, description="The record's id, exactly.")
    task_id: Field_ | None = Field(None, description="Its task; with model_id.")
    model_id: Field_ | None = Field(None, description="Its model; with task_id.")

    def values(self) -> Iterator[tuple[str, Value]]:
        """Yield the values by their names."""
        for name in ("id", "task_id", "model_id"):
            value = getattr(self, name)
            if value is not None:
                yield name, value


class ToolSource(_Keys):
    """Files of a tool, which the program's own models read."""

    tool: Literal[
        "inspect", "lm_eval", "llm", "promptfoo", "openai_batch", "mlflow"
    ] = Field(description="The tool that wrote the files.")
    files: Files
    stage: Stage = None
    parser: Parser = None


class MappingSource(_Keys):
    """Files of any tool, whose columns or keys are named here."""

    files: Files
    kind: Literal["generation", "judgement"] = Field(
        "generation", description="What the records are."
    )
    stage: Stage = None
    parser: Parser = None
    query: str | None = Field(
        None, description="A select, for files that are SQLite databases."
    )
    each: Annotated[
        tuple[Path, ...],
        BeforeValidator(_each),
        WithJsonSchema({"anyOf": VALUE_SCHEMA["anyOf"]}),
    ] = Field(
        (),
        description=(
            "The list in a row that holds the records, or lists to go down into, such "
            "as [choices, turns]."
        ),
    )
    where: Annotated[
        dict[str, tuple[str | None, ...]],
        BeforeValidator(_wanted),
        WithJsonSchema(
            {
                "type": "object",
                "additionalProperties": {
                    "anyOf": [_PLAIN_SCHEMA, {"type": "array", "items": _PLAIN_SCHEMA}]
                },
            }
        ),
    ] = Field(
        {},
        description="Fields and the values that records have there; others are none.",
    )
    id: Field_ | None = Field(None, description="The record's own id.")
    task_id: Field_ | None = Field(None, description="The task that was asked for.")
    combo_id: Field_ | None = Field(None, description="What tasks have in common.")
    template_id: Field_ | None = Field(None, description="The template of the prompt.")
    model_id: Field_ | None = Field(None, description="The model that answered.")
    run_id: Field_ | None = Field(None, description="The tool's run.")
    prompt: Field_ | None = Field(None, description="The text that was sent.")
    response: Field_ | None = Field(None, description="The text that came back.")
    score: Field_ | None = Field(None, description="A number that was given.")
    score_text: Field_ | None = Field(None, description="A score in words.")
    status: Annotated[Status, BeforeValidator(_as_from)] | None = Field(
        None, description="How it ended; without one, all are successes."
    )
    created_at: Annotated[Moment, BeforeValidator(_as_from)] | None = Field(
        None, description="When it was made."
    )
    follows: Link | None = Field(
        None, description="The record that a generation was made from."
    )
    targets: list[Link] = Field(
        [], description="The records that a judgement judges, in order."
    )
    keep: Annotated[
        dict[str, Value],
        BeforeValidator(_kept),
        WithJsonSchema(
            {
                "anyOf": [
                    *VALUE_SCHEMA["anyOf"],
                    {"type": "object", "additionalProperties": VALUE_SCHEMA},
                ]
            }
        ),
    ] = Field(
        {}, description="What else of a record is kept: paths, or names of values."
    )

    def values(self) -> Iterator[tuple[str, Value]]:
        """Yield all values by their field, such as `targets.1.id`."""
        for name in VALUES:
            value = getattr(self, name)
            if isinstance(value, _OrValue):
                value = value.from_
            if value is not None:
                yield name, value
        links = [("follows", self.follows)] if self.follows else []
        links += [(f"targets.{n}", link) for n, link in enumerate(self.targets, 1)]
        for role, link in links:
            yield from ((f"{role}.{name}", value) for name, value in link.values())
        yield from ((f"keep.{name}", value) for name, value in self.keep.items())


VALUES = (
    "id", "task_id", "combo_id", "template_id", "model_id", "run_id", "prompt",
    "response", "score", "score_text", "status", "created_at",
)  # fmt: skip
Source = ToolSource | MappingSource
SourceName = Annotated[str, Field(pattern=SOURCE_NAME)]


class HistoriesFile(_Keys):
    """The other tools' files of a data root, and how their records are read."""

    sources: dict[SourceName, Source] = Field(
        description="The sources by their names.", min_length=1
    )


def is_source_name(name: str) -> bool:
    """Tell whether a name may be one of a source."""
    return re.fullmatch(SOURCE_NAME, name) is not None
