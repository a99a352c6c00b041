"""The access token of a Zoom account: one for the process, renewed shortly before its hour is over."""

import threading
import time
from http import HTTPStatus

import requests

from scheduler.video.vendor import VideoTrouble

TIMEOUT = (3.0, 10.0)
"""Seconds to connect, and for each answer."""
EARLY = 60.0
"""Seconds before its end at which a token is no longer used."""


class AccessTokens:
    """Threads share it: Zoom gives out one token at a time, and a new one may end the one before."""

    def __init__(self, url: str, account: str, client: str, secret: str) -> None:
        """`url` is where tokens are asked for, without a path."""
        self._url = f"{url.rstrip('/')}/oauth/token"
        self._account = account
        self._credentials = client, secret
        self._lock = threading.Lock()
        self._token = ""
        self._ends = 0.0

    def current(self) -> str:
        """Raises VideoTrouble."""
        with self._lock:
            if time.monotonic() >= self._ends:
                self._renew()
            return self._token

    def renewed(self, refused: str) -> str:
        """Another one than that which was refused. Raises VideoTrouble."""
        with self._lock:
            if self._token == refused:
                self._renew()
            return self._token

    def _renew(self) -> None:
        asked = time.monotonic()
        wanted = {"grant_type": "account_credentials", "account_id": self._account}
        try:
            answer = requests.post(
                self._url, data=wanted, auth=self._credentials, timeout=TIMEOUT, allow_redirects=False
            )
            if answer.status_code != HTTPStatus.OK:
                raise VideoTrouble(f"token {said(answer)}", retry_after(answer))
            given = answer.json()
            self._token, lasts = str(given["access_token"]), float(given["expires_in"])
        except requests.RequestException as error:
            raise VideoTrouble(f"token {type(error).__name__}") from None
        except (KeyError, TypeError, ValueError):
            raise VideoTrouble("token not-understood") from None
        self._ends = asked + lasts - EARLY


def said(answer: requests.Response) -> str:
    """The status and Zoom's own code; never its words, which may repeat what was asked."""
    try:
        code = answer.json().get("code", "")
    except (requests.JSONDecodeError, AttributeError):
        code = ""
    return f"{answer.status_code} {code}".strip() if isinstance(code, int) else str(answer.status_code)


def retry_after(answer: requests.Response) -> float | None:
    """What the vendor wishes, where it is a number of seconds."""
    value = answer.headers.get("Retry-After", "")
    return float(value) if value.isascii() and value.isdigit() else None
