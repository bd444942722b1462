"""How a run tells how far it is."""

from collections.abc import Callable

# Called with how many things are done, and how many there are.
Progress = Callable[[int, int], None]
