"""What sqlfluff knows of dbt's `graph` while it renders a model: nothing is in it."""

from typing import Any

nodes: dict[str, Any] = {}
sources: dict[str, Any] = {}
