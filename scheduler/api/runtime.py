"""How a view reaches the running service."""

from flask import Flask, current_app

from scheduler.bootstrap import Runtime

KEY = "visits.runtime"


def attach(app: Flask, run: Runtime) -> None:
    app.extensions[KEY] = run


def runtime() -> Runtime:
    """The service behind the request that is being answered."""
    run = current_app.extensions[KEY]
    assert isinstance(run, Runtime)
    return run
