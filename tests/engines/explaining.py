"""Build on an engine, then write its plan of each model into dbt's target folder."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from docs_index.engines import building
from docs_index.engines.builds import EngineBuild

_is_run = building._is_run


def explained(build: EngineBuild, asked: dict[str, Any]) -> bool:
    """Run dbt, and explain what it compiled, while the tables are there."""
    from pyspark.sql import SparkSession

    is_good = _is_run(build, asked)
    session = SparkSession.builder.getOrCreate()
    target = Path(os.environ["DBT_TARGET_PATH"])
    plans = {
        path.stem: session.sql(f"explain {path.read_text()}").collect()[0][0]
        for path in (target / "compiled/docs_index/models").rglob("*.sql")
    }
    (target / "plans.json").write_text(json.dumps(plans))
    return is_good


if __name__ == "__main__":
    code = 3
    building._is_run = explained
    try:
        code = building.main(json.loads(Path(sys.argv[1]).read_text("utf-8")))
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
