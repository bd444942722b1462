"""The options that several commands have, each with one meaning in all of them.

Options that choose documents are in `filter_options`, as they need the index.
"""

from pathlib import Path
from typing import Annotated

import typer

DataRoot = Annotated[
    Path | None, typer.Option(help="The data root (default: DATA_ROOT, else data).")
]
RunId = Annotated[
    str | None, typer.Option(help="Must be the build's (default: RUN_ID).")
]
Cohort = Annotated[
    str | None, typer.Option(help="The cohort's name (default: DD_COHORT).")
]
NamedCohort = Annotated[
    str | None, typer.Argument(metavar="COHORT", help="The cohort's name, as --cohort.")
]
FailedIds = Annotated[
    Path | None,
    typer.Option(help="Write the ids of failed evaluations there, one a line."),
]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Processes (default: one per core).")
]
Limit = Annotated[int, typer.Option(min=0, help="At most so many; 0: all.")]
Replace = Annotated[
    bool, typer.Option("--replace", help="Write over a file that is there.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Quiet = Annotated[bool, typer.Option(help="Show no progress.")]

ALL = -1
"""A limit that SQLite takes for none."""
