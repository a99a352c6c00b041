"""Whether a request comes from Twilio: who knows the account's token signs the address and the form."""

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

PORTS = {"http": 80, "https": 443}


def is_twilios(token: str, url: str, form: Mapping[str, Sequence[str]], signature: str) -> bool:
    """`url` is the one that Twilio was given, with its query; `form` holds each field's values."""
    fields = "".join(name + value for name in sorted(form) for value in sorted(set(form[name])))
    ours = [_sign(token, spelled + fields) for spelled in _spellings(url)]
    theirs = signature.encode(errors="replace")
    return any(hmac.compare_digest(each, theirs) for each in ours)


def _sign(token: str, text: str) -> bytes:
    # SHA-1 is what Twilio signs with; an HMAC does not suffer from its collisions.
    return base64.b64encode(hmac.digest(token.encode(), text.encode(errors="replace"), hashlib.sha1))


def _spellings(url: str) -> Iterator[str]:
    """With the port and without: Twilio signs the one or the other."""
    parts = urlsplit(url)
    host = parts.netloc.removesuffix(f":{parts.port}")
    for netloc in (host, f"{host}:{parts.port or PORTS[parts.scheme]}"):
        yield parts._replace(netloc=netloc).geturl()
