"""A language model's endpoint on the loopback, that tests start and script.

Every request is counted and kept. `script` decides what comes of one; without it every
prompt gets a good answer. It has the interface of files and batches too: a batch is
answered by the same script when it is asked for, unless `batch_status` holds it back.
"""

import json
import os
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any

from building import Process, run_command

GOOD = "It is new.\nSCORE: 7"


@dataclass
class Reply:
    """What a request gets; a `status` of 0 cuts the connection in mid-answer.

    `message` and `choice` are merged into the message and the choice of the answer.
    A `drip_s` is waited before each byte of the body.
    """

    text: Any = GOOD
    status: int = 200
    finish_reason: Any = "stop"
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    after_s: float = 0.0
    drip_s: float = 0.0
    message: Mapping[str, Any] = field(default_factory=dict)
    choice: Mapping[str, Any] = field(default_factory=dict)
    usage: Mapping[str, Any] | None = field(
        default_factory=lambda: {
            "prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8
        }
    )  # fmt: skip


Script = Callable[[str, int], Reply]
"""From a prompt, and how often it was asked with this one, to what it gets."""


class Endpoint:
    """A running endpoint: its address, and what it was asked."""

    def __init__(self) -> None:
        self.script: Script = lambda prompt, number: Reply()
        self.prompts: list[str] = []
        self.requested: list[dict[str, Any]] = []
        self.times: list[float] = []
        self.keys: set[str | None] = set()
        self.in_flight = 0
        self.most_in_flight = 0
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.batch_status = "completed"
        self.batch_reply: Callable[[str, str], Reply | None] = lambda path, method: None
        """What a request of files or batches gets instead of its answer, None: that."""
        self._numbers = count(1)
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def requests(self) -> int:
        """How many prompts came, in batches too."""
        return len(self.prompts)

    @property
    def models(self) -> list[str]:
        """The models that were asked for."""
        return [request["model"] for request in self.requested]

    @property
    def asked_most(self) -> int:
        """How often the prompt came that came most often."""
        return max(Counter(self.prompts).values(), default=0)

    def asked(self, request: dict[str, Any], key: str | None) -> Reply:
        """Take a request in, and say what it gets."""
        prompt = request["messages"][0]["content"]
        with self._lock:
            self.prompts.append(prompt)
            self.requested.append(request)
            self.times.append(time.monotonic())
            self.keys.add(key)
            self.in_flight += 1
            self.most_in_flight = max(self.in_flight, self.most_in_flight)
            number = self.prompts.count(prompt)
        reply = self.script(prompt, number)
        time.sleep(reply.after_s)
        with self._lock:
            self.in_flight -= 1
        return reply

    # Batches -------------------------------------------------------------------------

    def uploaded(self, body: bytes) -> dict[str, Any]:
        """Keep the file of a multipart body."""
        _, _, rest = body.partition(b'name="file"')
        content = rest.partition(b"\r\n\r\n")[2].partition(b"\r\n--")[0]
        return self._kept(content)

    def created(self, request: dict[str, Any], key: str | None) -> dict[str, Any]:
        """Take in a batch; each of its lines counts as a request."""
        name = f"batch_{next(self._numbers)}"
        lines = self.files[request["input_file_id"]].splitlines()
        results: dict[str, list[bytes]] = {"output": [], "error": []}
        for line in map(json.loads, lines):
            reply = self.asked(line["body"], key)
            body = json.loads(reply.body or _json(_completion(line["body"], reply)))
            response = {"status_code": reply.status, "body": body}
            result = {"custom_id": line["custom_id"], "response": response}
            where = "output" if reply.status == 200 else "error"
            results[where].append(json.dumps(result | {"error": None}).encode())
        self.batches[name] = {
            "id": name, "object": "batch", "endpoint": request["endpoint"],
            "completion_window": request["completion_window"], "created_at": 1,
            "input_file_id": request["input_file_id"],
            "metadata": request.get("metadata"),
        }  # fmt: skip
        for where, found in results.items():
            if found:
                file = self._kept(b"\n".join(found))
                self.batches[name][f"{where}_file_id"] = file["id"]
        return self.batch(name)

    def batch(self, name: str) -> dict[str, Any]:
        """Return a batch with its status."""
        return self.batches[name] | {"status": self.batch_status}

    def _kept(self, content: bytes) -> dict[str, Any]:
        name = f"file_{next(self._numbers)}"
        self.files[name] = content
        return {
            "id": name, "object": "file", "bytes": len(content), "created_at": 1,
            "filename": "batch.jsonl", "purpose": "batch", "status": "processed",
        }  # fmt: skip

    def close(self) -> None:
        """Take no more requests."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # of 64 that come at once, none waits to be heard


def _handler(endpoint: Endpoint) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            key = self.headers["Authorization"]
            if self.path.endswith("/chat/completions"):
                request = json.loads(body)
                reply = endpoint.asked(request, key)
                made = _json(_completion(request, reply))
                self.send(reply, made if reply.body is None else reply.body)
            elif self.path.endswith("/files"):
                self.send_batch("POST", lambda: endpoint.uploaded(body))
            else:
                request = json.loads(body)
                self.send_batch("POST", lambda: endpoint.created(request, key))

        def do_GET(self) -> None:
            path = self.path.split("?")[0].split("/")[2:]
            if path[-1] == "content":
                self.send(Reply(), endpoint.files[path[1]])
            elif path == ["batches"]:
                listed = [endpoint.batch(name) for name in endpoint.batches]
                page = {"object": "list", "data": listed, "has_more": False}
                self.send_batch("GET", lambda: page)
            else:
                self.send_batch("GET", lambda: endpoint.batch(path[1]))

        def send_batch(self, method: str, answer: Callable[[], Any]) -> None:
            """Send the answer; one that `batch_reply` replaces by a cut was made."""
            reply = endpoint.batch_reply(self.path.split("?")[0], method)
            if reply is None or reply.status == 0:
                self.send(reply or Reply(), _json(answer()))
            else:
                self.send(reply, reply.body or b"{}")

        def send(self, reply: Reply, content: bytes) -> None:
            try:
                self.send_response(reply.status or 200)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Connection", "close")  # none is left open in the end
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                for at in range(len(content)) if reply.drip_s else ():
                    time.sleep(reply.drip_s)
                    self.wfile.write(content[at : at + 1])
                if not reply.drip_s:
                    self.wfile.write(content if reply.status else content[:5])
                if not reply.status:
                    self.wfile.flush()
                    self.connection.shutdown(socket.SHUT_RDWR)
                    self.close_connection = True
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _completion(request: Mapping[str, Any], reply: Reply) -> dict[str, Any]:
    message = {"role": "assistant", "content": reply.text, **reply.message}
    choice = {"index": 0, "message": message, "finish_reason": reply.finish_reason}
    return {
        "id": "x",
        "object": "chat.completion",
        "provider": "vendor",
        "model": f"{request['model']}-0711",
        "choices": [choice | dict(reply.choice)],
        **({} if reply.usage is None else {"usage": dict(reply.usage)}),
    }


@contextmanager
def started_endpoint() -> Iterator[Endpoint]:
    """Have an endpoint for the time of a block."""
    endpoint = Endpoint()
    try:
        yield endpoint
    finally:
        endpoint.close()


# Commands ----------------------------------------------------------------------------


def environment(root: Path, endpoint: Endpoint) -> dict[str, str]:
    """Return the environment in which scripts ask an endpoint."""
    return {
        **os.environ,
        "DATA_ROOT": str(root),
        "OPENAI_BASE_URL": endpoint.url,
        "OPENAI_API_KEY": "secret",
    }


def command(script: str, root: Path, endpoint: Endpoint, *args: str) -> Process:
    """Run a script on a data root, as its user would; no dbt makes scores."""
    words = [sys.executable, f"scripts/{script}.py", *args]
    words += ["--no-scores"] if script == "run_evaluations" else []
    return run_command(words, environment(root, endpoint))
