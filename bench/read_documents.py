"""Read single documents of a data root, by ids in a random but fixed order.

Prints the median seconds of one read, after a few that are not counted.
"""

import json
import random
import statistics
import sys
import time

from docs_index.documents import open_documents

_READS = 200
_FIRST = 20


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: read_documents.py DATA_ROOT")
    with open_documents(sys.argv[1]) as documents:
        ids = sorted(document.doc_id for document in documents.select(""))
        chosen = random.Random(1).choices(ids, k=_FIRST + _READS)
        seconds = []
        for doc_id in chosen:
            started = time.perf_counter()
            documents.read_raw(documents.get(doc_id))
            seconds.append(time.perf_counter() - started)
    print(json.dumps({"seconds": statistics.median(seconds[_FIRST:])}))


if __name__ == "__main__":
    main()
