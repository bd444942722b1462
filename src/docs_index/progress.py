"""How a run reports its progress."""

from collections.abc import Callable

# Called with the number of things done, and the number of all.
Progress = Callable[[int, int], None]
