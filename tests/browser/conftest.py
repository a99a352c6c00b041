"""A real browser, a website of its own origin, and the whole service behind it."""

import io
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from scheduler.embedded.environment import Ports
from scheduler.embedded.postgres import EmbeddedPostgres
from scheduler.embedded.sockets import free_port
from scheduler.embedded.stack import EXAMPLE_CLINIC, Stack
from scheduler.embedded.supervisor import Supervisor
from scheduler.embedded.terminal import Terminal
from tests.browser.form import Form
from tests.browser.world import World
from tests.calendars.recording import KEEP, keep_letters
from tests.databases import QUICK
from tests.embedded.conftest import ROOT, temporary_folder

SIZES = {"phone": ViewportSize(width=360, height=740), "desktop": ViewportSize(width=1280, height=800)}
EXAMPLES = ROOT / "docs" / "examples"
PATIENCE = 5_000  # milliseconds for anything that the page should do

# No sandbox, because tests may run as root in a container; nothing that calls home.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Website(SimpleHTTPRequestHandler):
    """The clinic's: the examples of the manual, with the address of this run's service (`?api=`) in them."""

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        service = parse_qs(address.query).get("api")
        if address.path != "/embedded-form.html" or not service:
            return super().do_GET()
        page = (EXAMPLES / "embedded-form.html").read_text(encoding="utf-8")
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(page.replace("http://localhost:8000", service[0]).encode())
        return None

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where the browser is; without one these tests are left out, loudly."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not found:
        pytest.skip("CHROMIUM MISSING, the booking form is unchecked: apt-get install chromium")
    return found


@contextmanager
def website() -> Iterator[int]:
    """The port on which the clinic's website serves the booking form."""
    serve = partial(Website, directory=str(EXAMPLES))
    with ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def world(chromium: str, pytestconfig: pytest.Config) -> Iterator[World]:
    """The service as `visits up` runs it; it allows the website called localhost, and no other name of it."""
    with (
        temporary_folder() as folder,
        website() as site,
        EmbeddedPostgres(folder / "postgres", QUICK) as postgres,
    ):
        ports = Ports(free_port(), free_port(), free_port())
        ours = {
            "VISITS_DATABASE_URL": postgres.url,
            "VISITS_CORS_ORIGINS": f"http://localhost:{site}",
            "VISITS_WEB_WORKERS": "1",
            "VISITS_WORKER_PROCESSES": "1",
            # All these people share an address.
            "VISITS_LIMIT_READS": "off",
            "VISITS_LIMIT_WRITES": "off",
            "VISITS_HOLDS_AT_ONCE": "500",
            "VISITS_HOLDS_SHARE": "1",
        }
        output = io.StringIO()
        stack = Stack(folder / "data", ports, Terminal(output), clinic=EXAMPLE_CLINIC, caller=_with(ours))
        with _running(stack, output):
            assert stack.mailbox
            world = World(stack.api.replace("127.0.0.1", "localhost"), stack.mailbox, site, postgres)
            yield world
            keep_letters(pytestconfig.stash[KEEP], world.mails())


def _with(ours: dict[str, str]) -> dict[str, str]:
    return {**{name: value for name, value in os.environ.items() if not name.startswith("VISITS_")}, **ours}


@contextmanager
def _running(stack: Stack, output: io.StringIO) -> Iterator[None]:
    supervisor = Supervisor(Terminal(output))
    stack.claim()
    try:
        stack.start(supervisor)
        yield
    except Exception as error:
        error.add_note(output.getvalue()[-5_000:])
        raise
    finally:
        supervisor.stop()
        stack.release()


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    with (
        sync_playwright() as playwright,
        closing(playwright.chromium.launch(executable_path=chromium, args=FLAGS)) as browser,
    ):
        yield browser


@contextmanager
def opened(browser: Browser, size: ViewportSize, locale: str, **how: Any) -> Iterator[Page]:
    """A page of somebody without a history; a script of it that fails, fails the test.

    `how` is what the browser is to do otherwise, as Playwright's `new_context` calls it.
    """
    failures: list[str] = []
    settings = {"viewport": size, "locale": locale, "timezone_id": "America/Chicago", **how}
    with closing(browser.new_context(**settings)) as context:
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("pageerror", lambda error: failures.append(str(error)))
        yield page
    assert not failures


@pytest.fixture(params=SIZES)
def form(request: pytest.FixtureRequest, browser: Browser, world: World) -> Iterator[Form]:
    """The booking form, at the width of a phone and of a desk, on the website that the service allows."""
    size = SIZES[request.param]
    with opened(browser, size, "en-US") as page:
        yield Form(page, world, size["width"]).open()


@pytest.fixture
def spanish(browser: Browser, world: World) -> Iterator[Form]:
    """The same for somebody whose browser speaks Spanish."""
    size = SIZES["phone"]
    with opened(browser, size, "es-MX") as page:
        yield Form(page, world, size["width"]).open()
