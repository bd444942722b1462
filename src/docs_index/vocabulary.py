"""The stages, statuses and other words of documents, read from the dbt seeds.

Owns no word: dbt and Python read the same files. A module that needs one more column,
such as the remedies of reasons, reads the seed itself.
"""

from docs_index.resources import seed

_STAGES = seed("stages")
_PARSERS = seed("parsers")
_LINK_METHODS = seed("link_methods")

STAGES = tuple(row["stage"] for row in _STAGES)
"""The stages; each comes after the stages of its parents."""

PARENT_STAGES = {row["stage"]: tuple(row["parent_stages"].split()) for row in _STAGES}
"""The stages that the parent of a document may have; empty for a draft."""

STATUSES = tuple(row["status"] for row in seed("statuses"))

SOURCES = tuple(row["source_csv"] for row in seed("sources"))
"""The sources of documents: the results tables in their order, then programs."""

RESULTS = tuple(row["source_csv"] for row in seed("sources") if row["results_table"])
"""The sources that are results tables."""

PARSERS = tuple(row["parser"] for row in _PARSERS)

SCORE_BOUNDS = {
    row["parser"]: (float(row["lowest_score"]), float(row["highest_score"]))
    for row in _PARSERS
    if row["lowest_score"]
}
"""The lowest and the highest score of each parser that makes scores."""

JOINS = tuple(r["link_method"] for r in _LINK_METHODS if r["is_join"] == "true")
"""The link methods that choose among candidates."""
