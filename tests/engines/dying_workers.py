"""Read files on a Spark of several processes, one of which dies in the middle.

Spark starts two executors. The first worker that has read a part of its files kills the
executor that it belongs to, once: the file `died` says so, beside the answers.
"""

import functools
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from docs_index.engines.sessions import register_functions
from docs_index.warehouse.parsers import built_in_parsers
from docs_index.warehouse.response_facts import Reader

CLUSTER = "local-cluster[2,1,1024]"


def opened_cluster(warehouse: Path) -> Any:
    """Return the session of two executors."""
    import pyspark
    from pyspark.sql import SparkSession

    os.environ["SPARK_HOME"] = str(Path(pyspark.__file__).parent)
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ.pop("SPARK_REMOTE", None)
    session = (
        SparkSession.builder.master(CLUSTER)
        .config("spark.ui.enabled", "false")
        .config("spark.sql.warehouse.dir", str(warehouse))
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.executorEnv.PYTHONPATH", os.environ["PYTHONPATH"])
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("OFF")
    return session


def dying(mark: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function end its executor after half of its rows, if none has done so."""

    @functools.wraps(function)
    def read(*columns: Any) -> Any:
        import os
        import signal

        def parent_of(process: int) -> int:
            with open(f"/proc/{process}/stat") as file:
                return int(file.read().rpartition(")")[2].split()[1])

        if len(columns) == 4 and len(columns[0]) > 1:
            half = len(columns[0]) // 2
            function(*(column[:half] for column in columns))
            try:
                os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                pass
            else:
                os.kill(parent_of(os.getppid()), signal.SIGKILL)
        return function(*columns)

    return read


def main(root: Path, answers: Path) -> None:
    """Read all files of a data root, and write what was found."""
    from pyspark.sql import functions

    arrow_udf, mark = functions.arrow_udf, str(answers.with_name("died"))

    def dying_udf(function: Callable[..., Any], answer: Any) -> Any:
        return arrow_udf(dying(mark, function), answer)

    functions.arrow_udf = dying_udf
    session = opened_cluster(answers.with_name("warehouse"))
    expression = built_in_parsers().expression
    register_functions(session, Reader(str(root), 10**6, expression))
    folder = root / "3_generation"
    files = [(str(each.relative_to(folder)),) for each in folder.rglob("*.txt")]
    paths = session.createDataFrame(files, "path string").repartition(4)
    paths.createOrReplaceTempView("paths")
    found = session.sql(
        "select path, to_json(read_response('3_generation', path, '', "
        "cast(null as string))) as facts from paths"
    ).collect()
    answers.write_text(json.dumps({row.path: json.loads(row.facts) for row in found}))


if __name__ == "__main__":
    code = 3
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
        code = 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
