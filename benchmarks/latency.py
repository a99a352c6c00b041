"""From a booking's answer to its mail in the mailbox, beside an idle `visits up`."""

import json
import statistics
import time
from datetime import date, timedelta

from benchmarks.load import Connection, get, post

API, MAILBOX = 8000, 8025
BOOKINGS = 40


def main() -> None:
    api = Connection(API)
    first = date.today() + timedelta(days=2)  # noqa: DTZ011 - any days do
    path = f"/v1/slots?visit_type=follow-up&mode=telemedicine&from={first}&to={first + timedelta(29)}"
    slots = json.loads(api.send(get(path))[1])["slots"][:BOOKINGS]
    times = [_wait(api, slot["start"], number) for number, slot in enumerate(slots)]
    p95 = statistics.quantiles(times, n=20)[18]
    figures = f"p50 {statistics.median(times):.2f} s, p95 {p95:.2f} s"
    print(f"| booking answered to mail in the mailbox, idle | {figures} |")


def _wait(api: Connection, start: str, number: int) -> float:
    """Seconds from the answer to the mail."""
    email = f"latency{number}-{time.time_ns()}@patients.example"
    patient = {
        "name": "Quick Example",
        "birth_date": str(date(1950, 1, 1) + timedelta(number)),
        "email": email,
    }
    body = {
        "visit_type": "follow-up",
        "mode": "telemedicine",
        "state": "TX",
        "start": start,
        "consents": ["telehealth:example-1", "privacy:example-1"],
        "patient": patient,
    }
    status, said = api.send(post("/v1/visits", json.dumps(body).encode()))
    assert status == 201, said
    began = time.monotonic()
    while True:
        mailbox = Connection(MAILBOX)  # it closes after each answer
        newest = json.loads(mailbox.send(get("/api/v1/messages?limit=3"))[1])["messages"]
        mailbox.close()
        if any(mail["To"][0]["Address"] == email for mail in newest):
            return time.monotonic() - began
        assert time.monotonic() - began < 30, "no mail came"
        time.sleep(0.01)


if __name__ == "__main__":
    main()
