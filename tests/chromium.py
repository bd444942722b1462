"""A real browser for tests: Debian's Chromium, where it is installed.

This is a pytest plugin (see conftest.py). What a page asks for and what it complains of
is collected in `Visit`; a page of ours complains of nothing.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

# It is to look at our pages, and to ask for nothing of its own.
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


@dataclass
class Visit:
    """A page of the browser, with what it asked for and what it complained of."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Collect from now on."""
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "requestfailed", lambda request: self.complaints.append(request.url)
        )


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Chromium, started."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not there")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


def visit(browser: Browser, url: str, **options: Any) -> Visit:
    """Open a page in a context of its own; close `visit.page.context` after it."""
    visited = Visit(browser.new_context(**options).new_page())
    visited.listen()
    visited.page.goto(url)
    return visited
