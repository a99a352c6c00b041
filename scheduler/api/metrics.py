"""Figures for Prometheus, read from the database and Redis at each scrape: they count for all processes."""

import hmac
from collections.abc import Iterator, Mapping

from apiflask import APIBlueprint
from flask import Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from scheduler.api.callers import bearer_token
from scheduler.api.runtime import runtime
from scheduler.domain.errors import NotFound, Unauthorized
from scheduler.domain.messages import Queue
from scheduler.services.operations.hints import queue_lengths
from scheduler.services.operations.measuring import Measures, measure

blueprint = APIBlueprint("metrics", __name__, enable_openapi=False)


@blueprint.get("/metrics")
def show_metrics() -> Response:
    """What there is to do, and for how long. Without a token in the settings there is no such page."""
    run = runtime()
    token = run.settings.metrics_token
    if token is None:
        raise NotFound
    if not hmac.compare_digest((bearer_token() or "").encode(), token.get_secret_value().encode()):
        raise Unauthorized
    with run.db.single() as connection:
        measures = measure(connection, run.desk)
    registry = CollectorRegistry()
    registry.register(_Gauges(measures))
    registry.register(_Queues(queue_lengths(run.settings.redis_url)))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


class _Gauges(Collector):
    def __init__(self, measures: Measures) -> None:
        self._measures = measures

    def collect(self) -> Iterator[Metric]:
        now = self._measures
        tasks = GaugeMetricFamily("visits_open_tasks", "What staff have to do.", labels=["kind"])
        oldest = GaugeMetricFamily(
            "visits_oldest_open_task_seconds", "For how long the oldest is open.", labels=["kind"]
        )
        for kind, count in now.open_tasks.items():
            tasks.add_metric([kind], count)
            oldest.add_metric([kind], now.oldest_task[kind])
        messages = GaugeMetricFamily(
            "visits_messages",
            "Messages that are kept, by what became of them.",
            labels=["state", "kind", "channel"],
        )
        for labels, count in now.messages.items():
            messages.add_metric(labels, count)
        outside = GaugeMetricFamily(
            "visits_outside_calendar_age_seconds",
            "Since the most silent outside calendar of a practitioner was last fetched.",
            labels=["practitioner"],
        )
        for practitioner, age in now.outside_calendars.items():
            outside.add_metric([practitioner], age)
        answers = CounterMetricFamily(
            "visits_triage_answers", "Answers to the safety questions, by outcome.", labels=["outcome"]
        )
        for outcome, count in now.triage.items():
            answers.add_metric([outcome], count)
        yield from (tasks, oldest, messages, outside, answers)
        yield GaugeMetricFamily(
            "visits_oldest_due_message_seconds",
            "For how long a message waits that could go out.",
            now.oldest_due_message or 0.0,
        )
        if now.mailbox is not None:
            yield GaugeMetricFamily(
                "visits_mailbox_age_seconds", "Since the clinic's mailbox was last read.", now.mailbox
            )
        if now.last_sweep is not None:
            yield GaugeMetricFamily(
                "visits_last_sweep_seconds", "Since a sweeper was last seen.", now.last_sweep
            )


class _Queues(Collector):
    """Redis may be away: that is a figure, too."""

    def __init__(self, lengths: Mapping[Queue, int] | None) -> None:
        self._lengths = lengths

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("visits_redis_up", "Whether Redis answers.", int(self._lengths is not None))
        hints = GaugeMetricFamily(
            "visits_queue_hints", "Hints in Redis that no worker has taken yet.", labels=["queue"]
        )
        for queue, length in (self._lengths or {}).items():
            hints.add_metric([queue], length)
        yield hints
