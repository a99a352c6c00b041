"""Becomes another program that dies with its parent; run as a script, without site packages (13 ms).

    python -I -S leash.py SIGNAL PARENT USER COMMAND…

A supervisor killed with -9 cannot tidy up, so the kernel is asked to (PR_SET_PDEATHSIG; Linux only, elsewhere
the next start finds what is left). This is a program of its own because the alternative, `preexec_fn`, may
deadlock in a process with threads, and because changing the user resets the request, so the order matters.
USER is `uid:gid`, or `-` to stay who we are.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15


def become(user: str) -> None:
    if user == "-":
        return
    uid, gid = map(int, user.split(":"))
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def die_with(parent: int, signal: int) -> None:
    """Asks for this signal when our parent dies; ends at once if it has."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0)
    if os.getppid() != parent:  # it died before we had asked
        sys.exit(1)


def be_called(name: str) -> None:
    """What `top` and `ps -o comm` show, the first 15 bytes of it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_NAME, name.encode(), 0, 0, 0)


def main(arguments: list[str]) -> None:
    signal, parent, user, *command = arguments
    become(user)
    die_with(int(parent), int(signal))
    try:
        os.execvp(command[0], command)  # noqa: S606
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


if __name__ == "__main__":
    main(sys.argv[1:])
