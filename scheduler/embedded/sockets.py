"""Where a server's unix socket goes, and which ports are free."""

import hashlib
import os
import socket
import stat
import tempfile
from pathlib import Path

from scheduler.embedded.errors import NotUsable

SOCKET_NAME = ".s.PGSQL.5432.lock"  # the longest of PostgreSQL's two names there
LONGEST = 103  # bytes: 107 on Linux, 103 on macOS


def socket_folder(folder: Path, user: tuple[int, int] | None) -> Path:
    """`folder` itself, or where its path is too long for a socket, a folder of that owner elsewhere."""
    if _fits(folder):
        return folder
    name = "visits-" + hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    for place in (Path(tempfile.gettempdir()), Path("/tmp")):  # noqa: S108
        if _fits(place / name):
            return _own(place / name, user)
    raise NotUsable(f"No folder with a path short enough for a unix socket; {folder} is too long.")


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder / SOCKET_NAME)) <= LONGEST


def _own(folder: Path, user: tuple[int, int] | None) -> Path:
    """Makes it ours. One that somebody else put there first is refused: they could listen in our place."""
    owner = user[0] if user else os.geteuid()
    try:
        folder.mkdir(mode=0o700)
        if user:
            os.chown(folder, *user)
    except FileExistsError:
        pass  # whose it is shows below
    state = folder.lstat()
    if not stat.S_ISDIR(state.st_mode) or state.st_uid != owner or state.st_mode & 0o022:
        raise NotUsable(
            f"{folder} belongs to somebody else; remove it, or choose a data folder with a shorter path."
        )
    return folder


def free_port() -> int:
    """A port on loopback that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_taken(port: int) -> bool:
    """Whether something listens there; a port that only lingers after a close does not count."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
        return False
