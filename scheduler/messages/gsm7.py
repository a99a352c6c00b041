"""The alphabet of text messages, GSM 03.38: a text in it fits 160 characters, in any other one only 70."""

import unicodedata

LONGEST = 160
"""Characters of one text; a longer one is two, which cost twice and may come apart."""

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("^{}\\[~]|€\f")
"""These count twice."""

_PLAIN = str.maketrans(
    {
        "‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "º": "o", "ª": "a",
        "đ": "d", "Đ": "D", "ł": "l", "Ł": "L", "ı": "i",
        "\N{NO-BREAK SPACE}": " ", "\N{NARROW NO-BREAK SPACE}": " ",
    }
)  # fmt: skip


def fold_gsm7(text: str) -> str:
    """`text` with letters of the alphabet in place of those that only differ by an accent or a style.

    What has no such letter stays as it is.
    """
    return "".join(map(_fold, unicodedata.normalize("NFC", text).translate(_PLAIN)))


def _fold(sign: str) -> str:
    if sign in BASIC or sign in EXTENDED:
        return sign
    bare = "".join(each for each in unicodedata.normalize("NFKD", sign) if not unicodedata.combining(each))
    return bare if all(each in BASIC for each in bare) else sign


def gsm7_length(text: str) -> int | None:
    """How many characters of a text message it takes; None where the alphabet has not all of them."""
    if any(sign not in BASIC and sign not in EXTENDED for sign in text):
        return None
    return len(text) + sum(sign in EXTENDED for sign in text)
