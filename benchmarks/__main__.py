"""Runs all benchmarks and prints them as Markdown: `python -m benchmarks`."""

import itertools
import json
import time
import uuid
from datetime import date, timedelta

import psycopg

from benchmarks.feed import feeds
from benchmarks.load import Connection, Measured, get, measure
from benchmarks.stack import Stack, served, stack
from benchmarks.wishes import wishes

CLIENTS = 8
SECONDS = 6.0


def main() -> None:
    with stack() as run, served(run.environment, "benchmarks.floor:app", "/") as hello:
        print("| what | figure | against the floor |\n|---|---|---|")
        floor = measure(hello, lambda: get("/"), CLIENTS, SECONDS)
        print(f"| Flask hello, {CLIENTS} clients | {floor.line} | 1 |")
        slots(run, floor)
        bookings(run)
        print("\n| what | figure |\n|---|---|")
        feeds(run)


def slots(run: Stack, floor: Measured) -> None:
    """Free times of 30 days."""
    first = date.today() + timedelta(days=1)  # noqa: DTZ011 - any 30 days do
    for practitioner, starts in (("", "all"), ("&practitioner=one", "one's")):
        days = f"from={first}&to={first + timedelta(29)}"
        path = f"/v1/slots?visit_type=follow-up&mode=telemedicine&{days}{practitioner}"
        connection = Connection(run.port)
        many = len(json.loads(connection.send(get(path))[1])["slots"])
        connection.close()
        found = measure(run.port, lambda path=path: get(path), CLIENTS, SECONDS)  # type: ignore[misc]
        share = found.per_second / floor.per_second
        what = f"slots, 30 days, {starts}, {many} starts, {found.bytes // 1024} KB"
        print(f"| {what} | {found.line} | {share:.0%} |")


def bookings(run: Stack) -> None:
    """Different patients, different times."""
    floor = measure_inserts(run)
    print(f"| INSERT + COMMIT of one row, one client | {floor:,.0f}/s | 1 |")
    booked = iter(list(itertools.islice(wishes(run.port), 3_000)))
    found = measure(run.port, lambda: next(booked, None), CLIENTS, SECONDS)
    print(f"| bookings, {CLIENTS} clients | {found.line} | {found.per_second / floor:.0%} |")


def measure_inserts(run: Stack) -> float:
    plain = run.database_url.replace("+psycopg", "")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS floor (id uuid PRIMARY KEY, at timestamptz)")
        began, count = time.monotonic(), 0
        while time.monotonic() - began < 2:
            connection.execute("INSERT INTO floor VALUES (%s, now())", (uuid.uuid4(),))
            count += 1
        connection.execute("DROP TABLE floor")
        return count / 2


if __name__ == "__main__":
    main()
