"""What keeps private things private at rest: sealed columns, keyed hashes for look-up, derived links."""

import base64
import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
LINK_BYTES = 16


class CannotOpen(Exception):
    """A sealed value does not belong to this key, table, column or row, or was changed."""


class Vault:
    """Seals values for one table, column and row: moved elsewhere, they do not open.

    A sealed value is `len(key id) | key id | nonce | AES-GCM ciphertext`.
    """

    def __init__(self, keyring: Mapping[str, bytes]) -> None:
        self._ciphers = {name: AESGCM(key) for name, key in keyring.items()}
        self._active = next(iter(keyring))

    @property
    def active_prefix(self) -> bytes:
        """What everything begins with that is sealed with the active key."""
        return bytes([len(self._active)]) + self._active.encode()

    def seal(self, place: str, row: UUID, text: str) -> bytes:
        """`place` is `table.column`."""
        key_id = self._active.encode()
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._ciphers[self._active].encrypt(nonce, text.encode(), _associated(place, row))
        return bytes([len(key_id)]) + key_id + nonce + sealed

    def open(self, place: str, row: UUID, value: bytes) -> str:
        """Raises CannotOpen."""
        size = 1 + int.from_bytes(value[:1])
        key_id, nonce, sealed = value[1:size], value[size : size + NONCE_BYTES], value[size + NONCE_BYTES :]
        cipher = self._ciphers.get(key_id.decode("ascii", "replace"))
        if cipher is None:
            raise CannotOpen(f"{place}: sealed with a key that is not in the keyring")
        try:
            return cipher.decrypt(nonce, sealed, _associated(place, row)).decode()
        except (InvalidTag, ValueError):  # the latter where so much was cut off that the nonce is too short
            raise CannotOpen(f"{place}: does not open") from None


def _associated(place: str, row: UUID) -> bytes:
    return place.encode() + b"\0" + row.bytes


class Lookup:
    """Keyed hashes: equal values are found, and the values cannot be guessed from a dump."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def hash(self, kind: str, *values: str) -> bytes:
        """`kind` keeps the hashes of different things apart."""
        return hmac.digest(self._key, "\0".join((kind, *values)).encode(), hashlib.sha256)


class Links:
    """Patients' links, derived rather than stored: the same one comes out weeks later."""

    def __init__(self, keyring: Mapping[str, bytes]) -> None:
        self._keyring = keyring
        self.active = next(iter(keyring))
        self.keys = frozenset(keyring)
        """Their ids."""

    def token(self, key_id: str, visit: UUID, recipient: UUID, purpose: str, generation: int) -> str:
        """128 bits, base64url."""
        message = b"\0".join((visit.bytes, recipient.bytes, purpose.encode(), str(generation).encode()))
        digest = hmac.digest(self._keyring[key_id], message, hashlib.sha256)
        return base64.urlsafe_b64encode(digest[:LINK_BYTES]).decode().rstrip("=")


def token_hash(token: str) -> bytes:
    """What is stored of a link."""
    return hashlib.sha256(token.encode()).digest()


@dataclass(frozen=True, slots=True)
class Secrets:
    vault: Vault
    lookup: Lookup
    links: Links
