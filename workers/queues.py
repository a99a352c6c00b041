"""Celery as we use it: a carrier of hints that may be lost, doubled or late without harm.

Each setting has its reason; figures were measured on Celery and kombu 5.7 with Redis 7.
"""

from collections.abc import Mapping
from typing import Any

from celery import Celery
from kombu.entity import Queue as BrokerQueue

from scheduler.domain.messages import ErrandHint, Hint, Queue
from workers.broker import broker_settings

DELIVER = "deliver"
ERRAND = "errand"
HINT_LIVES = 90
"""Seconds after which a hint that nobody took vanishes; the sweeper has long nudged again."""

AnyHint = Hint | ErrandHint
"""Publishers, workers and the sweeper pass both on in the same way."""

PATIENT: Mapping[str, Any] = {
    # A half-open connection is noticed in 22 s instead of never.
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
    "health_check_interval": 10,
    # The claim in the row is the acknowledgement. One that Redis did not hear took the place of a hint in the
    # worker's hands for ever, and after two of them it took nothing more; and a full Redis refused to note
    # what was taken, which ended the worker.
    "ack_emulation": False,
}
"""How a worker holds its connection to Redis."""

HASTY: Mapping[str, Any] = {
    # Somebody who publishes gives up at once: the sweeper finds what a lost hint was for.
    "socket_timeout": 0.2,
    "socket_connect_timeout": 0.2,
    "socket_keepalive": True,
    "retry_on_timeout": False,
    # Without these, kombu waits 2 s and tries to connect again before it says that nobody is there.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
}
"""How a publisher does."""


def celery_app(redis_url: str, transport: Mapping[str, Any] = PATIENT) -> Celery:
    """A Celery application on a Redis, wherever it is (config/redis_address.py)."""
    app = Celery("visits", set_as_current=False)
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],  # a pickle in the queue would be code from whoever can write to Redis
        task_ignore_result=True,  # the row holds the state: no result backend
        task_acks_late=False,  # the claim in the row is the acknowledgement
        task_time_limit=60,  # below the lease of 120 s
        task_soft_time_limit=45,
        task_default_queue=Queue.URGENT,
        task_queues=[BrokerQueue(queue) for queue in Queue],
        task_create_missing_queues=False,  # a typo fails instead of filling a queue that nobody reads
        task_publish_retry=False,
        task_publish_retry_policy={
            "max_retries": 1,
            "interval_start": 0,
            "interval_step": 0.1,
            "interval_max": 0.1,
        },
        **broker_settings(redis_url, transport),
        broker_connection_timeout=2,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,  # 100, the default, is a worker that gives up
        worker_prefetch_multiplier=1,  # fewest hints lost with a worker, and fair
        worker_soft_shutdown_timeout=20,  # what is being handed over is finished
        worker_max_tasks_per_child=2_000,
        worker_enable_remote_control=False,  # traffic, and a way in
        worker_send_task_events=False,
        worker_hijack_root_logger=False,  # our own logs
        worker_redirect_stdouts=False,
        enable_utc=True,
    )
    return app


def queue_of(hint: AnyHint) -> Queue:
    return hint.queue if isinstance(hint, Hint) else Queue.CALENDAR
