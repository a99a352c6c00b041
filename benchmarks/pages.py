"""How soon the booking form can be used in a browser, and how much comes over the wire.

`python -m benchmarks.pages` needs chromium. Each figure is of several people who were never here before.
"""

import shutil
import statistics
from dataclasses import dataclass

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.stack import stack

PEOPLE = 15
PHONE = {"width": 360, "height": 740}

# Interactive: painted, and all scripts have run (they are modules, which run before DOMContentLoaded ends).
LOOK = """async () => {
    const painted = await new Promise((done) => new PerformanceObserver((seen) => {
        const [found] = seen.getEntriesByName("first-contentful-paint");
        if (found) done(found);
    }).observe({type: "paint", buffered: true}));
    const [page] = performance.getEntriesByType("navigation");
    const parts = [page, ...performance.getEntriesByType("resource")];
    return {
        interactive: Math.max(page.domContentLoadedEventEnd, painted.startTime),
        answered: page.responseEnd,
        bytes: parts.reduce((sum, each) => sum + each.transferSize, 0),
        requests: parts.length,
    };
}"""


@dataclass(frozen=True, slots=True)
class Opened:
    """Times in milliseconds after the address was entered."""

    interactive: float
    answered: float
    bytes: int
    requests: int


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    assert chromium, "apt-get install chromium"
    with stack() as run, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        address = f"http://127.0.0.1:{run.port}/book"
        _opened(browser, address)  # the first one wakes the service up, too
        seen = [_opened(browser, address) for _ in range(PEOPLE)]
        print(_line("`/book`, first visit", [first for first, _ in seen]))
        print(_line("`/book`, again", [again for _, again in seen]))
        browser.close()


def _opened(browser: Browser, address: str) -> tuple[Opened, Opened]:
    """By somebody with an empty cache, and once more."""
    context = browser.new_context(viewport=PHONE)  # type: ignore[arg-type]
    page = context.new_page()
    found = _look(page, address), _look(page, address)
    context.close()
    return found


def _look(page: Page, address: str) -> Opened:
    page.goto(address, wait_until="load")
    return Opened(**page.evaluate(LOOK))


def _line(what: str, seen: list[Opened]) -> str:
    times = sorted(each.interactive for each in seen)
    answered = statistics.median(each.answered for each in seen)
    size, requests = seen[-1].bytes / 1_000, seen[-1].requests
    figures = f"interactive p50 {statistics.median(times):.0f} ms, worst {times[-1]:.0f} ms"
    return f"| {what}, {size:.1f} KB in {requests} requests | {figures} | answered {answered:.0f} ms |"


if __name__ == "__main__":
    main()
