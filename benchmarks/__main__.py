"""Runs all benchmarks and prints them as Markdown: `python -m benchmarks`."""

import itertools
import json
import statistics
import time
import uuid
from datetime import date, timedelta
from functools import partial

import psycopg

from benchmarks.feed import feeds
from benchmarks.load import Connection, get, measure, middle
from benchmarks.stack import Stack, served, stack
from benchmarks.wishes import wishes

CLIENTS = 8
SECONDS = 6.0
ROUNDS, ROUND = 9, 1.5
ONE = "&practitioner=one"


def main() -> None:
    with stack() as run, served(run.environment, "benchmarks.floor:app", "/") as hello:
        print("| what | figure | against the floor |\n|---|---|---|")
        slots(run, hello)
        bookings(run)
        print("\n| what | figure |\n|---|---|")
        feeds(run)


def slots(run: Stack, hello: int) -> None:
    """Free times of 30 days and the floor, by turns: a machine has quick minutes and slow ones."""
    first = date.today() + timedelta(days=1)  # noqa: DTZ011 - any 30 days do
    path = f"/v1/slots?visit_type=follow-up&mode=telemedicine&from={first}&to={first + timedelta(29)}"
    asked = {
        f"Flask hello, {CLIENTS} clients": (hello, "/"),
        f"slots, 30 days, all, {starts(run, path)}": (run.port, path),
        f"slots, 30 days, one's, {starts(run, path + ONE)}": (run.port, path + ONE),
    }
    rounds = [
        [measure(port, partial(get, path), CLIENTS, ROUND) for port, path in asked.values()]
        for _ in range(ROUNDS)
    ]
    floors = [floor.per_second for floor, *_ in rounds]
    for what, found in zip(asked, zip(*rounds, strict=True), strict=True):
        shares = [each.per_second / floor for each, floor in zip(found, floors, strict=True)]
        spread = f"{statistics.median(shares):.0%} ({min(shares):.0%} to {max(shares):.0%})"
        print(f"| {what} | {middle(found).line} | {spread} |")


def starts(run: Stack, path: str) -> str:
    """How much there is in an answer."""
    connection = Connection(run.port)
    body = connection.send(get(path))[1]
    connection.close()
    return f"{len(json.loads(body)['slots'])} starts, {len(body) // 1024} KB"


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
