"""A clinic in which hundreds of people can be seen on one day."""

from datetime import date, datetime, time, timedelta
from itertools import product

from tests.cast import CENTRAL

DOCTORS = [f"doctor-{number}" for number in range(1, 13)]
OPENS, CLOSES = time(9), time(17)
MINUTES = 30

_HEAD = """
[clinic]
name = "Example Clinic"
phone = "+1 409 555 0100"
timezone = "America/Chicago"
languages = ["en", "es"]
[clinic.sender]
name = "Example Clinic"
email = "appointments@clinic.example"
[clinic.emergency]
en = "If this is an emergency, call 911."
es = "Si es una emergencia, llame al 911."
[clinic.links]
privacy = "https://clinic.example/privacy"

[[locations]]
code = "main"
name = "Main Office"
address = "100 Example Street, Exampleville, TX 00000"
"""

_ROOM = """[[locations.rooms]]
code = "room-{doctor}"
label = "Room of {doctor}"
"""

_DOCTOR = """[[practitioners]]
code = "{doctor}"
name = "Dr. Example of {doctor}"
message_name = "Dr. {doctor}"
[[practitioners.hours]]
days = ["mon", "tue", "wed", "thu", "fri"]
opens = "09:00"
closes = "17:00"
modes = ["in_person"]
location = "main"
"""

_TAIL = """
[[visit_types]]
code = "follow-up"
label = { en = "Follow-up", es = "Seguimiento" }
description = { en = "A visit.", es = "Una visita." }
minutes = 30
new_patients = "either"
notice = 0
cutoff = 0
horizon_days = 730
modes = { in_person = "auto" }

[[consents]]
kind = "sms"
version = "1"
modes = ["in_person"]
required = false
text = { en = "Send me texts.", es = "Envíenme mensajes de texto." }

[reminders]
reminders = ["24h"]
"""

CLINIC = _HEAD + "".join(part.format(doctor=each) for part in (_ROOM, _DOCTOR) for each in DOCTORS) + _TAIL


def times_of(day: date) -> list[tuple[datetime, str]]:
    """Everything that can be booked on that day: a start, and with whom."""
    first = datetime.combine(day, OPENS, CENTRAL)
    starts = [first + timedelta(minutes=each) for each in range(0, 8 * 60, MINUTES)]
    return list(product(starts, DOCTORS))


def working_day_after(day: date) -> date:
    following = day + timedelta(days=1)
    return following if following.weekday() < 5 else working_day_after(following)
