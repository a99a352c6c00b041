"""Mails as files: one `.eml` each, its bytes as they came, and beside it the envelope that brought it."""

import json
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

KEEP = 1_000


@dataclass(frozen=True, slots=True)
class Stored:
    """A mail in the box; `recipients` are the envelope's, which name what the headers may hide."""

    id: str
    raw: bytes
    sender: str
    recipients: tuple[str, ...]

    @property
    def received(self) -> datetime:
        return datetime.fromtimestamp(int(self.id.split("-")[0]) / 1e9, UTC)


class MailStore:
    """Keeps the newest `keep` mails; ids begin with the time of arrival and so have its order."""

    def __init__(self, folder: Path, keep: int = KEEP) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._keep = keep
        self._lock = threading.Lock()
        self._ids = sorted(path.stem for path in folder.glob("*.eml"))

    def add(self, raw: bytes, sender: str, recipients: Sequence[str]) -> str:
        """Stores a mail, then drops the oldest; its file comes last and whole, so a kill leaves no half."""
        with self._lock:
            mail_id = self._next_id()
            self._envelope(mail_id).write_text(json.dumps({"sender": sender, "recipients": list(recipients)}))
            part = self._folder / f"{mail_id}.part"
            part.write_bytes(raw)
            part.replace(self._file(mail_id))
            self._ids.append(mail_id)
            self._drop_oldest()
            return mail_id

    def ids(self) -> list[str]:
        """Newest first."""
        with self._lock:
            return self._ids[::-1]

    def get(self, mail_id: str) -> Stored | None:
        """Only an id that is in the box reaches the file system."""
        with self._lock:
            if mail_id not in self._ids:
                return None
            raw = self._file(mail_id).read_bytes()
        sender, recipients = self._read_envelope(mail_id)
        return Stored(mail_id, raw, sender, recipients)

    def _next_id(self) -> str:
        last = int(self._ids[-1].split("-")[0]) if self._ids else 0
        return f"{max(time.time_ns(), last + 1):020d}-{secrets.token_hex(4)}"

    def _drop_oldest(self) -> None:
        while len(self._ids) > self._keep:
            oldest = self._ids.pop(0)
            self._file(oldest).unlink(missing_ok=True)
            self._envelope(oldest).unlink(missing_ok=True)

    def _read_envelope(self, mail_id: str) -> tuple[str, tuple[str, ...]]:
        try:
            envelope = json.loads(self._envelope(mail_id).read_text())
            return str(envelope["sender"]), tuple(map(str, envelope["recipients"]))
        except (OSError, ValueError, KeyError, TypeError):
            return "", ()

    def _file(self, mail_id: str) -> Path:
        return self._folder / f"{mail_id}.eml"

    def _envelope(self, mail_id: str) -> Path:
        return self._folder / f"{mail_id}.json"
