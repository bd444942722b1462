"""The function that a run calls to report its progress."""

from collections.abc import Callable

# Called with the number of things done, and the number of all.
Progress = Callable[[int, int], None]
