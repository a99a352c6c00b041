"""Ends the PostgreSQL that a former run left on a cluster.

Two servers on one cluster destroy it. PostgreSQL's own guard is `postmaster.pid`, which after a kill -9 names
a process id that anybody may have by then; so we look for the processes themselves: named postgres, at home
in the cluster. Call it only while holding the folder's lock: what runs then has lost its master.
"""

import contextlib
import signal
from pathlib import Path
from typing import Any

from scheduler.embedded.errors import NotUsable

try:
    import psutil  # type: ignore[import-untyped]
except ImportError:  # it comes with the wheel; without the wheel nobody gets this far
    psutil = None

GRACE = 10.0


def end_former_server(cluster: Path) -> None:
    """Asks for a quick shutdown, then kills; in the end nobody is in the cluster and no pid file is left."""
    for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        left = _at_home_in(cluster)
        if not left:
            break
        _send(_masters(left), how)
        psutil.wait_procs(left, timeout=GRACE)
    if _at_home_in(cluster):
        raise NotUsable(f"A PostgreSQL server of a former run on {cluster} does not end.")
    (cluster / "postmaster.pid").unlink(missing_ok=True)


def _at_home_in(cluster: Path) -> list[Any]:
    """The server's processes: each of them works in the cluster's folder."""
    home = str(cluster.resolve())
    return [process for process in psutil.process_iter(["name", "cwd"]) if _is_server(process.info, home)]


def _is_server(info: dict[str, Any], home: str) -> bool:
    return (info["name"] or "").startswith("postgres") and info["cwd"] == home


def _masters(processes: list[Any]) -> list[Any]:
    """The heads: a backend asked instead of its master would only be replaced. Without a head, all."""
    ids = {process.pid for process in processes}
    heads = [process for process in processes if _parent(process) not in ids]
    return heads or processes


def _parent(process: "psutil.Process") -> int | None:
    with contextlib.suppress(psutil.Error):
        return int(process.ppid())
    return None


def _send(processes: list[Any], how: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(how)
