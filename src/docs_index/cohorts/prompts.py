"""Render the prompts of evaluations: a template with the text of an essay.

A template is Jinja2 in its sandbox, with the one variable `response`. Owns which errors
of a template are its author's. Reads the templates and essays of a data root; each
template is read once.
"""

from functools import lru_cache
from pathlib import Path

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from docs_index.cohorts.generation_files import PARSED, read_text
from docs_index.errors import BlockedError, DataRootError
from docs_index.layout import Layout
from docs_index.paths import is_file, real_path

_ESSAYS_KEPT = 16  # neighbours in a cohort judge the same essay
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


class Prompts:
    """The prompts of a data root; any thread may use them."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._environment = SandboxedEnvironment(undefined=jinja2.StrictUndefined)
        self._essay = lru_cache(_ESSAYS_KEPT)(self._read_essay)
        self._template = lru_cache(None)(self._read_template)

    def rendered(self, template_id: str, essay_id: str) -> str:
        """Return the prompt of an essay by a template.

        Raises:
            BlockedError: the template or the essay's text is missing or cannot be used.
        """
        essay, template = self._essay(essay_id), self._template(template_id)
        try:
            return template.render(response=essay)
        except _TEMPLATE_ERRORS as error:
            raise self._unusable(template_id, error) from error

    def _read_essay(self, essay_id: str) -> str:
        path = self._layout.generation("essay", essay_id) / PARSED
        if not is_file(path):
            raise BlockedError(f"{path} is missing: finish the essay first")
        return self._text(path)

    def _read_template(self, template_id: str) -> jinja2.Template:
        path = self._layout.template(template_id)
        if not is_file(path):
            raise BlockedError(f"{path} is missing: write the template")
        try:
            return self._environment.from_string(self._text(path))
        except _TEMPLATE_ERRORS as error:
            raise self._unusable(template_id, error) from error

    def _unusable(self, template_id: str, error: Exception) -> BlockedError:
        path = self._layout.template(template_id)
        return BlockedError(
            f"{path} cannot be rendered: {error}; correct the template, whose one "
            "variable is response"
        )

    def _text(self, path: Path) -> str:
        """Return the text of a file of another program, which may be a link."""
        try:
            self._layout.refuse_link_out(path)
        except DataRootError as error:
            raise BlockedError(str(error)) from error
        followed = Path(real_path(path))
        return read_text(followed.parent, followed.name) or ""
