"""The settings that the parts of an embedded stack get through their environment."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import scheduler
from scheduler.embedded.errors import EmbeddedError

WEBSITES = "http://localhost:8080,http://127.0.0.1:8080"  # where a website's developer runs the booking form


@dataclass(frozen=True, slots=True)
class Ports:
    api: int
    smtp: int
    mailbox: int


def is_given(caller: Mapping[str, str], name: str) -> bool:
    """Whether the caller has set it, itself or as a file; then it wins over what we would bring."""
    return bool(caller.get(name) or caller.get(f"{name}_FILE"))


def development_only(caller: Mapping[str, str]) -> None:
    if caller.get("VISITS_ENVIRONMENT") == "production":
        raise EmbeddedError(
            "VISITS_ENVIRONMENT is production, and this runs a development stack. "
            "For production see docker-compose.yml; for development unset it."
        )


def service_environment(
    caller: Mapping[str, str], ports: Ports, secrets: Mapping[str, str], servers: Mapping[str, str]
) -> dict[str, str]:
    """The caller's environment and what it lacks; `servers` are the addresses of those that we started."""
    ours = {
        "VISITS_ENVIRONMENT": "development",
        "VISITS_SMTP_URL": f"smtp://127.0.0.1:{ports.smtp}",
        "VISITS_SMS_URL": f"smtp://127.0.0.1:{ports.smtp}",  # texts are read where mails are
        "VISITS_PUBLIC_URL": f"http://localhost:{ports.api}",
        "VISITS_CORS_ORIGINS": WEBSITES,
        "VISITS_VIDEO": "rehearsal",
        "VISITS_LOG_FORMAT": "text",
        **secrets,
        **servers,
    }
    missing = {name: value for name, value in ours.items() if not is_given(caller, name)}
    return {**python_environment(caller), **missing}


def python_environment(caller: Mapping[str, str]) -> dict[str, str]:
    """Time zones from the pinned `tzdata` only; output line by line; our own package from wherever we run."""
    path = [*_source_folder(), *filter(None, [caller.get("PYTHONPATH")])]
    ours = {"PYTHONTZPATH": "", "PYTHONUNBUFFERED": "1", **({"PYTHONPATH": ":".join(path)} if path else {})}
    return {**caller, **ours}


def _source_folder() -> Iterator[str]:
    """The checkout that we run from. An installed package needs no help, and its folder on PYTHONPATH would
    come before the standard library."""
    folder = Path(scheduler.__file__).parent.parent
    if folder.name not in ("site-packages", "dist-packages"):
        yield str(folder)
