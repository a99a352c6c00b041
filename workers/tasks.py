"""Tasks of a few lines: find the use case and call it."""

import os
import socket

from celery import Celery
from celery.signals import worker_process_init

from config.logging import configure_logging
from config.settings import Settings
from scheduler.bootstrap import Runtime, bootstrap
from scheduler.services.outbox.delivering import PostRoom, deliver
from workers.queues import DELIVER, celery_app


def post_room(run: Runtime) -> PostRoom:
    return PostRoom(run.desk, run.channels, f"{socket.gethostname()}:{os.getpid()}")


def worker_app(settings: Settings) -> Celery:
    """The application that worker processes run; each child makes its own connections."""
    app = celery_app(settings.redis_url)
    room: list[PostRoom] = []

    def start(**_: object) -> None:
        configure_logging(settings.log_level, settings.log_format)
        room[:] = [post_room(bootstrap(settings))]

    worker_process_init.connect(start, weak=False)

    @app.task(name=DELIVER)
    def deliver_message(message: int) -> None:
        deliver(room[0], message)

    return app


def work(settings: Settings) -> None:
    """Run a worker until it is told to stop."""
    app = worker_app(settings)
    queues = ",".join(queue.name for queue in app.conf.task_queues)
    app.worker_main(
        [
            "worker",
            f"--queues={queues}",
            f"--concurrency={settings.worker_processes}",
            "--pool=prefork",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
            f"--loglevel={settings.log_level}",
        ]
    )
