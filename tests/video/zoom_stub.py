"""A Zoom that keeps meetings, and refuses every request that is not as Zoom's reference has it."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from jsonschema import Draft202012Validator, FormatChecker

from tests.video.servers import serving

ACCOUNT, CLIENT, SECRET = "acc-1", "client-1", "zoom-secret-1"

MEETING = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["topic", "type", "start_time", "duration", "settings"],
    "additionalProperties": False,
    "properties": {
        "topic": {"type": "string", "minLength": 1, "maxLength": 200},
        "type": {"const": 2},
        # In UTC, or Zoom would read it in the zone of the account.
        "start_time": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
        "duration": {"type": "integer", "minimum": 1, "maximum": 1440},
        "settings": {
            "type": "object",
            "required": ["waiting_room", "join_before_host"],
            "additionalProperties": False,
            "properties": {
                "waiting_room": {"const": True},
                "join_before_host": {"const": False},
                "meeting_authentication": {"type": "boolean"},
                "auto_recording": {"enum": ["local", "cloud", "none"]},
                "registrants_email_notification": {"type": "boolean"},
            },
        },
    },
}
"""What POST /v2/users/{userId}/meetings takes, as far as we have any business sending it."""


@dataclass
class Fault:
    """What the next requests to the API get instead of an answer, so many times."""

    status: int
    times: int = 1
    headers: dict[str, str] = field(default_factory=dict)
    silent_for: float = 0.0
    body: bytes | None = None


@dataclass
class ZoomStub:
    url: str = ""
    meetings: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    tokens: int = 0
    valid: str = ""
    lasts: int = 3599
    fault: Fault | None = None
    token_fault: Fault | None = None
    wrong: list[str] = field(default_factory=list)
    """Requests that Zoom would not have understood."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take_fault(self, name: str) -> Fault | None:
        with self.lock:
            fault: Fault | None = getattr(self, name)
            if fault is None or not fault.times:
                return None
            fault.times -= 1
            return fault


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    stub: ZoomStub

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _any(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urlsplit(self.path).path
        self.stub.requests.append(f"{self.command} {path}")
        self.stub.bodies.append(sent)
        if path == "/oauth/token":
            self._token(sent)
        elif self._faulty("fault"):
            return
        elif self.headers.get("Authorization") != f"Bearer {self.stub.valid}":
            self._answer(401, {"code": 124, "message": "Invalid access token."})
        else:
            self._meeting(path, sent)

    do_GET = do_POST = do_PATCH = do_DELETE = _any

    def _token(self, sent: bytes) -> None:
        if self._faulty("token_fault"):
            return
        asked = parse_qs(sent.decode())
        basic = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        right = asked == {"grant_type": ["account_credentials"], "account_id": [ACCOUNT]}
        if self.command != "POST" or not right or self.headers.get("Authorization") != basic:
            self._answer(400, {"reason": "Invalid client_id or client_secret", "error": "invalid_client"})
            return
        with self.stub.lock:
            self.stub.tokens += 1
            self.stub.valid = f"token-{self.stub.tokens}"
        self._answer(
            200,
            {
                "access_token": self.stub.valid,
                "token_type": "bearer",
                "expires_in": self.stub.lasts,
                "scope": "meeting:write:meeting:admin",
                "api_url": "https://api.zoom.us",
            },
        )

    def _meeting(self, path: str, sent: bytes) -> None:
        parts = path.strip("/").split("/")
        if self.command in ("POST", "PATCH") and not self._fits(sent):
            self._answer(400, {"code": 300, "message": "Validation Failed."})
        elif self.command == "POST" and parts[:2] == ["v2", "users"] and parts[3:] == ["meetings"]:
            self._made(unquote(parts[2]), json.loads(sent))
        elif parts[:2] == ["v2", "meetings"] and parts[2] in self.stub.meetings:
            self._kept(parts[2], sent)
        else:
            self._answer(404, {"code": 3001, "message": f"Meeting does not exist: {parts[-1]}."})

    def _fits(self, sent: bytes) -> bool:
        faults = Draft202012Validator(MEETING, format_checker=FormatChecker()).iter_errors(
            json.loads(sent or b"null")
        )
        found = [fault.message for fault in faults]
        self.stub.wrong += found
        return not found

    def _made(self, user: str, asked: dict[str, Any]) -> None:
        id = str(9_000_000_000 + len(self.stub.requests))
        self.stub.meetings[id] = {**asked, "user": user}
        self._answer(
            201,
            {
                "id": int(id),
                "uuid": "aDYlohsHRtCd4ii1uC2+hA==",
                "host_id": "30R7kT7bTIKSNUFEuH_Qlg",
                "topic": asked["topic"],
                "type": 2,
                "start_time": asked["start_time"],
                "duration": asked["duration"],
                "start_url": self._start(id),
                "join_url": f"https://example.zoom.us/j/{id}?pwd=x",
                "password": "123456",
                "settings": asked["settings"],
            },
        )

    def _start(self, id: str) -> str:
        return f"https://example.zoom.us/s/{id}?zak=host-key-{len(self.stub.requests)}"

    def _kept(self, id: str, sent: bytes) -> None:
        if self.command == "GET":
            self._answer(200, {**self.stub.meetings[id], "id": int(id), "start_url": self._start(id)})
            return
        if self.command == "PATCH":
            self.stub.meetings[id] |= json.loads(sent)
        else:
            del self.stub.meetings[id]
        self._answer(204, None)

    def _faulty(self, which: str) -> bool:
        fault = self.stub.take_fault(which)
        if fault is None:
            return False
        time.sleep(fault.silent_for)
        body = json.dumps({"code": fault.status, "message": "Something about Pat Example"}).encode()
        self._answer(fault.status, fault.body if fault.body is not None else body, fault.headers)
        return True

    def _answer(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        sent = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)


@contextmanager
def zoom_stub() -> Iterator[ZoomStub]:
    stub = ZoomStub()
    with serving(type("Bound", (Handler,), {"stub": stub})) as url:
        stub.url = url
        yield stub
