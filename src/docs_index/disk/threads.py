"""Objects that a thread makes once and keeps for itself.

A DuckDB connection that threads share mixes up their rows, and an engine such as Sail
calls functions in threads of one process. Touches no file.
"""

import functools
import threading
from collections.abc import Callable
from typing import Generic, ParamSpec, TypeVar

_MOST = 8  # a worker of a long-lived server meets many data roots

Given = ParamSpec("Given")
Made = TypeVar("Made")


class OnceAThread(Generic[Given, Made]):
    """Calls a function once for each thread and each of the last few arguments."""

    def __init__(self, make: Callable[Given, Made]) -> None:
        self._make = make
        self._of_thread = threading.local()

    def __call__(self, *given: Given.args, **named: Given.kwargs) -> Made:
        """Return what this thread has made of the arguments, which are hashable."""
        if not hasattr(self._of_thread, "made"):
            self.forget()
        made: Made = self._of_thread.made(*given, **named)
        return made

    def forget(self) -> None:
        """Let this thread make everything again."""
        self._of_thread.made = functools.lru_cache(maxsize=_MOST)(self._make)
