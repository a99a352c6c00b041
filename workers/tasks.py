"""Tasks of a few lines: find the use case and call it."""

from collections.abc import Sequence

from celery import Celery
from celery.signals import worker_process_init

from config.logging import configure_logging
from config.settings import Settings
from scheduler.bootstrap import bootstrap
from scheduler.domain.messages import ErrandHint, Queue
from workers.bench import Bench
from workers.queues import DELIVER, ERRAND, celery_app


def worker_app(settings: Settings) -> Celery:
    """The application that worker processes run; each child makes its own connections."""
    app = celery_app(settings.redis_url)
    bench: list[Bench] = []

    def start(**_: object) -> None:
        configure_logging(settings.log_level, settings.log_format)
        bench[:] = [Bench(bootstrap(settings))]

    worker_process_init.connect(start, weak=False)

    @app.task(name=DELIVER)
    def deliver_message(message: int) -> None:
        bench[0].deliver(message)

    @app.task(name=ERRAND)
    def do_errand(work: str, row: str) -> None:
        bench[0].do(ErrandHint(work, row))

    return app


def work(settings: Settings, queues: Sequence[Queue] = tuple(Queue)) -> None:
    """Run a worker of these queues until it is told to stop."""
    worker_app(settings).worker_main(
        [
            "worker",
            f"--queues={','.join(queues)}",
            f"--concurrency={settings.worker_processes}",
            "--pool=prefork",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
            f"--loglevel={settings.log_level}",
        ]
    )
