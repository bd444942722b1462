"""The texts of evaluations, as Dagster's steps return and load them.

They are in gens/ alone, where the steps of `cohorts` write them; nothing is pickled.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import dagster as dg

from docs_index.cohorts.generation_files import PARSED, PROMPT, RAW, read_text
from docs_index.cohorts.run import ASKING, PARSING, RENDERING
from docs_index.errors import BlockedError
from docs_index.layout import open_cohort_layout

STORE = "generation_store"
_FILES = {RENDERING: PROMPT, ASKING: RAW, PARSING: PARSED}


class Texts(Mapping[str, str]):
    """The texts of a step by gen_id, each read when it is asked for.

    A text is empty without its file.
    """

    def __init__(self, step: str, gen_ids: Collection[str]) -> None:
        self._name = _FILES[step]
        self._gen_ids = dict.fromkeys(gen_ids)
        self._layout = open_cohort_layout()

    def path(self, gen_id: str) -> Path:
        """Return where a text is."""
        return self._layout.generation("evaluation", gen_id) / self._name

    def facts(self, gen_id: str) -> dict[str, Any]:
        """Return what Dagster shows of a text: its path, and how long it is."""
        facts: dict[str, Any] = {"path": dg.MetadataValue.path(self.path(gen_id))}
        with suppress(BlockedError):
            facts["chars"] = len(self[gen_id])
        return facts

    def __getitem__(self, gen_id: str) -> str:
        """Return a text.

        Raises:
            BlockedError: its file is a link, not a regular file, or not UTF-8.
        """
        if gen_id not in self._gen_ids:
            raise KeyError(gen_id)
        path = self.path(gen_id)
        return read_text(path.parent, path.name) or ""

    def __iter__(self) -> Iterator[str]:
        """Yield the gen_ids."""
        return iter(self._gen_ids)

    def __len__(self) -> int:
        """Return how many texts there are."""
        return len(self._gen_ids)


class GenerationStore(dg.IOManager):
    """Loads the texts of steps for assets downstream."""

    def handle_output(self, context: dg.OutputContext, obj: Texts) -> None:
        """Record where a single text is; a step has written it."""
        if len(obj) == 1:
            context.add_output_metadata(obj.facts(next(iter(obj))))

    def load_input(self, context: dg.InputContext) -> str | Texts:
        """Return the text of one partition, or the `Texts` of several."""
        gen_ids = sorted(context.asset_partition_keys)  # they come in any order
        texts = Texts(context.asset_key.path[-1], gen_ids)
        return texts if len(texts) > 1 else next(iter(texts.values()))
