"""Jitsi's own rules of a token, written after the Lua of its Prosody plugins and not after our signing.

`luajwtjitsi.lib.lua` decides on header, signature and times; `token/util.lib.lua` on issuer, audience and
room; `mod_token_affiliation` makes owners.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any


class Refused(Exception):
    """The words that Prosody would log."""


@dataclass(frozen=True, slots=True)
class Prosody:
    app_id: str
    secret: str
    audiences: tuple[str, ...]
    domain: str
    """Of the virtual host; its rooms live at conference.DOMAIN. Domains are verified."""

    def connect(self, token: str, now: int) -> dict[str, Any]:
        """The session of somebody who connects: its claims."""
        parts = token.split(".")
        if len(parts) != 3:
            raise Refused("Invalid token")
        header, claims = _decoded(parts[0]), _decoded(parts[1])
        if header.get("typ") != "JWT":
            raise Refused("Invalid typ")
        if header.get("alg") != "HS256":
            raise Refused("Invalid or incorrect alg")
        signed = f"{parts[0]}.{parts[1]}".encode()
        if hmac.digest(self.secret.encode(), signed, hashlib.sha256) != _bytes(parts[2]):
            raise Refused("Invalid signature")
        self._check(claims, now)
        return claims

    def _check(self, claims: dict[str, Any], now: int) -> None:
        _check_times(claims, now)
        if claims.get("iss") != self.app_id:
            raise Refused("invalid 'iss' claim")
        if claims.get("aud") not in self.audiences:
            raise Refused("invalid 'aud' claim")
        if claims.get("room") is None:
            raise Refused("'room' claim is missing")

    def enter(self, claims: dict[str, Any], room: str) -> str:
        """The affiliation of a session in a room, whose name Prosody has in lower case."""
        room = room.lower()
        # The token's room is compared as it stands where domains are verified, so it has to be in lower case.
        mine = f"{claims['room']}@conference.{claims.get('sub', '').lower()}"
        if mine != f"{room}@conference.{self.domain}":
            raise Refused("Token does not allow to join this room")
        user = claims.get("context", {}).get("user", {})
        for name, value in user.items():  # each becomes the text of an element of the presence
            if not isinstance(value, str):
                raise Refused(f"context.user.{name} is no text")
        owner = user.get("affiliation") == "owner" or user.get("moderator") == "true"
        return "owner" if owner else "member"


def _check_times(claims: dict[str, Any], now: int) -> None:
    for name in ("exp", "nbf"):
        if name in claims and type(claims[name]) not in (int, float):
            raise Refused(f"{name} must be number")
    if "exp" not in claims:  # Prosody would let it in for ever: ours always say when they end
        raise Refused("no end")
    if now >= claims["exp"]:
        raise Refused("Not acceptable by exp")
    if "nbf" in claims and now < claims["nbf"]:
        raise Refused("Not acceptable by nbf")


def _bytes(segment: str) -> bytes:
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def _decoded(segment: str) -> dict[str, Any]:
    found = json.loads(_bytes(segment))
    assert isinstance(found, dict)
    return found
