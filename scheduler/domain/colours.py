"""Colours of pages: how well one is read on another, by the formulas of WCAG 2.2."""

WELL_READ = 7.0
"""The contrast of text that people with poor sight can read."""
WHITE = "#ffffff"
DARK_GROUND = "#1d2327"
"""What pages are written on where somebody prefers them dark."""


def contrast(one: str, other: str) -> float:
    """From 1 (the same) to 21 (black on white); colours are `#rrggbb`."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def for_dark_pages(accent: str) -> str:
    """The colour, with so much white in it that it is well read on dark pages."""
    tint = accent
    for white in range(0, 101, 5):
        tint = _mixed(accent, white / 100)
        if contrast(tint, DARK_GROUND) >= WELL_READ:
            break
    return tint


def _channels(colour: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(each / 255) for each in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)


def _mixed(colour: str, white: float) -> str:
    return "#" + bytes(round(each + (255 - each) * white) for each in _channels(colour)).hex()
