"""Screens on which pages have to fit, and what is asked of a page on each."""

from playwright.sync_api import ViewportSize

from tests.browser.form import TARGET

TWICE_AS_LARGE = ViewportSize(width=640, height=400)
"""What is left of a desk's 1280 pixels at 200 %."""
FOUR_TIMES = ViewportSize(width=320, height=256)
"""At 400 %, and the narrowest phone."""

TOO_SMALL = f"""() => [
    ...document.querySelectorAll("a, button, summary, select, .choice label, .field input")]
    .filter((each) => each.checkVisibility() && !each.closest(".skip, .trap, .default, li, p:not(.call)"))
    .filter((each) => each.getBoundingClientRect().height < {TARGET})
    .map((each) => each.textContent.trim() || each.id)"""

UNSEEN_FOCUS = """() => {
    const found = document.activeElement;
    const marked = found.matches("[type=radio], [type=checkbox]") ? found.nextElementSibling : found;
    const style = getComputedStyle(marked);
    return parseFloat(style.outlineWidth) < 3 || style.outlineStyle === "none";
}"""
