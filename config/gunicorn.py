"""How gunicorn serves the API; every number has its reason."""

import gc
import os
from importlib import import_module

from config.settings import load_settings

_settings = load_settings()

bind = os.environ.get("VISITS_BIND", "127.0.0.1:8000")
worker_class = "gthread"  # requests wait for PostgreSQL, not for the processor
workers = _settings.web_workers
threads = _settings.web_threads
preload_app = False  # connections and threads are made after the fork; what is imported is shared
graceful_timeout = 8  # under the 10 s after which container platforms kill
timeout = 30  # for a worker that hangs altogether; requests are bounded by statement_timeout
keepalive = 5
max_requests = 20_000
max_requests_jitter = 2_000  # not all at once
limit_request_line = 2_048
limit_request_fields = 50
accesslog = None  # the service writes its own line for each request, without addresses
errorlog = "-"
control_socket_disable = True
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108, PTH112 - heartbeats in memory


def on_starting(_arbiter: object) -> None:
    """Imported once, before the fork: workers begin two seconds sooner, and share the memory."""
    import_module("scheduler.app")
    import_module("workers.doorbell")
    gc.collect()
    gc.freeze()


def post_worker_init(_worker: object) -> None:
    """What a worker loaded stays: looking at it again and again took a fifth of a booking's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)
