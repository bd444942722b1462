"""How a run reports its progress."""

from collections.abc import Callable

# Called with how many things are done, and how many there are.
Progress = Callable[[int, int], None]
