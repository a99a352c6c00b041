"""What the people of the benchmarks ask for."""

import itertools
import json
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from benchmarks.load import Connection, get, post


def wishes(port: int) -> Iterator[bytes]:
    """Bookings that do not meet: each free start of half a year, once for each practitioner."""
    connection, number = Connection(port), itertools.count()
    first = date.today() + timedelta(days=2)  # noqa: DTZ011
    for month in range(6):
        since = first + timedelta(days=30 * month)
        path = f"/v1/slots?visit_type=follow-up&mode=telemedicine&from={since}&to={since + timedelta(29)}"
        for slot in json.loads(connection.send(get(path))[1])["slots"]:
            for who in slot["practitioners"]:
                yield _booking(slot["start"], who, next(number))


def _booking(start: str, practitioner: str, number: int) -> bytes:
    body = {
        "visit_type": "follow-up",
        "mode": "telemedicine",
        "state": "TX",
        "start": start,
        "practitioner": practitioner,
        "patient": {
            "name": "Load Example",
            "birth_date": str(date(1940, 1, 1) + timedelta(days=number)),
            "email": f"p{number}@patients.example",
        },
    }
    return post("/v1/visits", json.dumps(body).encode())


def book_all(connection: Connection, asked: Iterable[bytes]) -> None:
    for wish in asked:
        status, said = connection.send(wish)
        assert status == 201, said
    connection.close()
