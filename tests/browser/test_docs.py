"""The manual of the API, as a browser shows it."""

import pytest
from playwright.sync_api import Browser

from tests.browser.axe import faults
from tests.browser.conftest import SIZES, opened
from tests.browser.world import World

pytestmark = pytest.mark.browser


@pytest.mark.timeout(300)  # axe compares the colours of 8,000 elements, beside whatever else the machine does
def test_the_manual_of_the_api_has_no_fault_that_axe_can_find(browser: Browser, world: World) -> None:
    with opened(browser, SIZES["phone"], "en-US") as page:
        page.goto(f"{world.api}/docs")
        assert faults(page) == []
