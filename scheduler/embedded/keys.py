"""The three secrets of an embedded run: made once, kept with the data that they protect."""

import os
from pathlib import Path

from config.keys import fresh_keys
from scheduler.embedded.errors import NotUsable

NAMES = ("VISITS_ENCRYPTION_KEYS", "VISITS_LOOKUP_KEY", "VISITS_LINK_KEYS")
FILE = "secrets.env"


def keys(data: Path) -> dict[str, str]:
    """The secrets as settings of the environment. Made only where there is no file: a new set beside old data
    would lock everybody out of it, so a damaged file is an error."""
    path = data / FILE
    if not path.exists():
        _write(path, fresh_keys())
    found = dict(line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)
    missing = [name for name in NAMES if not found.get(name)]
    if missing:
        raise NotUsable(
            f"{path} lacks {', '.join(missing)}. Put the file back from a backup, "
            f"or move the whole folder {data} away to start anew."
        )
    return {name: found[name] for name in NAMES}


def _write(path: Path, values: dict[str, str]) -> None:
    """Whole or not at all, and on the disk before anything is encrypted with it."""
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.writelines(f"{name}={value}\n" for name, value in values.items())
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
