"""Celery is set as the reference's table says, and a typo fails."""

from typing import Any

import pytest
from celery.exceptions import QueueNotFound

from scheduler.domain.messages import Queue
from scheduler.services.outbox.fence import LEASE
from workers.queues import HASTY, HINT_LIVES, PATIENT, celery_app

SETTINGS: dict[str, Any] = {
    "task_serializer": "json",
    "result_serializer": "json",
    "accept_content": ["json"],
    "result_backend": None,
    "task_ignore_result": True,
    "task_acks_late": False,
    "task_time_limit": 60,
    "task_soft_time_limit": 45,
    "task_create_missing_queues": False,
    "task_publish_retry_policy": {
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.1,
        "interval_max": 0.1,
    },
    "broker_connection_max_retries": None,
    "worker_prefetch_multiplier": 1,
    "worker_soft_shutdown_timeout": 20,
    "worker_enable_remote_control": False,
    "worker_send_task_events": False,
    "task_send_sent_event": False,
    "worker_hijack_root_logger": False,
    "beat_schedule": {},
}

WORKER = {
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
    "health_check_interval": 10,
    "ack_emulation": False,
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_has_the_value_that_was_measured(name: str) -> None:
    assert celery_app("redis://127.0.0.1:1/0").conf[name] == SETTINGS[name]


def test_a_worker_holds_its_connection_as_was_measured() -> None:
    conf = celery_app("redis://127.0.0.1:1/0").conf
    assert conf.broker_transport_options == WORKER == dict(PATIENT)
    assert 1_000 <= conf.worker_max_tasks_per_child <= 5_000
    assert conf.task_soft_time_limit < conf.task_time_limit < LEASE


def test_a_publisher_gives_up_after_a_fifth_of_a_second() -> None:
    assert HASTY["socket_timeout"] == HASTY["socket_connect_timeout"] == 0.2


def test_a_stale_hint_vanishes() -> None:
    assert 60 <= HINT_LIVES <= 120


def test_every_queue_has_a_worker() -> None:
    assert {queue.name for queue in celery_app("redis://127.0.0.1:1/0").conf.task_queues} == set(Queue)


def test_a_queue_that_nobody_reads_is_refused(redis: str) -> None:
    with pytest.raises(QueueNotFound):
        celery_app(redis, HASTY).send_task("deliver", (1,), queue="urgnet", retry=False)
