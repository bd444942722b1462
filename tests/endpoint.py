"""A language model's endpoint on the loopback, that tests start and script.

Every request is counted and kept. `script` decides what comes of one; without it every
prompt gets a good answer.
"""

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

GOOD = "It is new.\nSCORE: 7"


@dataclass
class Reply:
    """What a request gets; a `status` of 0 cuts the connection in mid-answer."""

    text: str | None = GOOD
    status: int = 200
    finish_reason: str = "stop"
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    after_s: float = 0.0


Script = Callable[[str, int], Reply]
"""From a prompt, and how often it was asked with this one, to what it gets."""


class Endpoint:
    """A running endpoint: its address, and what it was asked."""

    def __init__(self) -> None:
        self.script: Script = lambda prompt, number: Reply()
        self.prompts: list[str] = []
        self.models: list[str] = []
        self.times: list[float] = []
        self.keys: set[str | None] = set()
        self.in_flight = 0
        self.most_in_flight = 0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def requests(self) -> int:
        """How many requests came."""
        return len(self.prompts)

    @property
    def asked_most(self) -> int:
        """How often the prompt came that came most often."""
        return max(Counter(self.prompts).values(), default=0)

    def asked(self, request: dict[str, Any], key: str | None) -> Reply:
        """Take a request in, and say what it gets."""
        prompt = request["messages"][0]["content"]
        with self._lock:
            self.prompts.append(prompt)
            self.models.append(request["model"])
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

    def close(self) -> None:
        """Take no more requests."""
        self._server.shutdown()
        self._server.server_close()


def _handler(endpoint: Endpoint) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            size = int(self.headers["Content-Length"])
            request = json.loads(self.rfile.read(size))
            reply = endpoint.asked(request, self.headers["Authorization"])
            content = reply.body
            if content is None:
                content = json.dumps(_completion(request["model"], reply)).encode()
            try:
                self.send_response(reply.status or 200)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Connection", "close")  # none is left open in the end
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
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


def _completion(model: str, reply: Reply) -> dict[str, Any]:
    message = {"role": "assistant", "content": reply.text}
    return {
        "id": "x",
        "object": "chat.completion",
        "model": f"{model}-0711",
        "choices": [
            {"index": 0, "message": message, "finish_reason": reply.finish_reason}
        ],
        "usage": {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8},
    }


@contextmanager
def started_endpoint() -> Iterator[Endpoint]:
    """Have an endpoint for the time of a block."""
    endpoint = Endpoint()
    try:
        yield endpoint
    finally:
        endpoint.close()
