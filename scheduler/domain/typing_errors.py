"""Mail addresses that somebody hardly meant: asked about, never refused."""

from difflib import get_close_matches

COMMON = (
    "gmail.com",
    "yahoo.com",
    "hotmail.com",
    "outlook.com",
    "icloud.com",
    "aol.com",
    "live.com",
    "msn.com",
    "comcast.net",
    "att.net",
    "sbcglobal.net",
    "verizon.net",
    "bellsouth.net",
    "protonmail.com",
    "ymail.com",
)
"""Where most patients have their mailbox."""
CLOSE = 0.84
"""Of difflib's ratio: one letter too many, missing or exchanged."""
REAL = frozenset({"mail.com", "gmx.com", "email.com", "ymail.com", "proton.me", "me.com", "mac.com"})
"""Close to a common one, and meant as they are."""


def likely_meant(email: str) -> str | None:
    """The address with the domain that was probably meant; None where nothing looks wrong."""
    name, _, domain = email.rpartition("@")
    domain = domain.lower()
    if domain in COMMON or domain in REAL or not name:
        return None
    close = get_close_matches(domain, COMMON, n=1, cutoff=CLOSE)
    abroad = bool(close) and domain.startswith(f"{close[0]}.")  # yahoo.com.mx is another place
    return f"{name}@{close[0]}" if close and not abroad else None
