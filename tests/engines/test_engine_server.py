"""A server of Spark Connect builds what DuckDB builds."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from engine_builds import TIMEOUT_S, Engines, check_equal, needs_engines, needs_java
from harness import REPOSITORY, Models

pytestmark = [needs_engines, needs_java, pytest.mark.slow]
SERVER = "org.apache.spark.sql.connect.service.SparkConnectServer"


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """The address of a server, with this package in the Python of its workers."""
    found = find_spec("pyspark")
    assert found is not None and found.origin is not None
    home = Path(found.origin).parent
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    log = tmp_path / "server.log"
    settings = {
        "spark.connect.grpc.binding.port": str(port),
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "4",
        "spark.sql.warehouse.dir": str(tmp_path / "warehouse"),
    }
    options = [word for pair in settings.items() for word in ("--conf", "=".join(pair))]
    with log.open("w") as file:
        process = subprocess.Popen(
            [str(home / "bin/spark-submit"), "--class", SERVER, *options],
            cwd=tmp_path,
            env=os.environ
            | {
                "SPARK_HOME": str(home),
                "PYSPARK_PYTHON": sys.executable,
                "PYTHONPATH": str(REPOSITORY / "src"),
            },
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_for(port, process, log)
        yield f"sc://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(60)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + TIMEOUT_S
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as asked:
            if asked.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.5)
    raise AssertionError(log.read_text()[-3000:])


def test_a_server_builds_the_same(
    engines: Engines, models: Models, tmp_path: Path, address: str
) -> None:
    root = tmp_path / "root"
    shutil.copytree(REPOSITORY / "sample", root)
    check_equal(engines, models, address, root, tmp_path)
