"""Keys as settings spell them: `id:base64url of 32 bytes`, comma-separated."""

import base64
import binascii
import re
import secrets

Keyring = dict[str, bytes]
"""Key id → 32 bytes; the first is the active one."""

KEY_BYTES = 32


class WeakKey(ValueError):
    """A key is missing, malformed or too easy to guess."""


def parse_key(text: str) -> bytes:
    try:
        key = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise WeakKey("is not base64url") from None
    if len(key) != KEY_BYTES:
        raise WeakKey(f"holds {len(key)} bytes where {KEY_BYTES} are needed")
    if len(set(key)) < KEY_BYTES // 4:
        raise WeakKey("looks like a placeholder, not like random bytes")
    return key


def parse_keyring(text: str) -> Keyring:
    keyring: Keyring = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        name, colon, key = entry.partition(":")
        if not colon or not re.fullmatch(r"[a-z0-9-]{1,16}", name):
            raise WeakKey("entries look like `id:key`, with an id of a-z, 0-9 and -")
        if name in keyring:
            raise WeakKey(f"the id {name} stands there twice")
        keyring[name] = parse_key(key)
    if not keyring:
        raise WeakKey("is empty")
    return keyring


def fresh_keys() -> dict[str, str]:
    """A new set of the three secrets, as settings of the environment."""
    return {
        "VISITS_ENCRYPTION_KEYS": f"k1:{fresh_key()}",
        "VISITS_LOOKUP_KEY": fresh_key(),
        "VISITS_LINK_KEYS": f"k1:{fresh_key()}",
    }


def fresh_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode()
