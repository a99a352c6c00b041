"""The files that these tests read: the example, and a small one that each test breaks in one place."""

from pathlib import Path

EXAMPLE = Path(__file__).parents[3] / "config" / "clinic.example.toml"

SMALL = """\
[clinic]
name = "Small Clinic"
phone = "+1 409 555 0100"
timezone = "America/Chicago"
languages = ["en", "es"]
sender = { name = "Clinic", email = "clinic@example.org" }
emergency = { en = "Call 911.", es = "Llame al 911." }

[[locations]]
code = "main"
name = "Main"
address = "1 Example Street"
rooms = [{ code = "room-1", label = "Room 1" }]

[[locations]]
code = "bare"
name = "Without rooms"
address = "2 Example Street"

[[practitioners]]
code = "one"
name = "Dr. One"

[[practitioners.licences]]
state = "TX"

[[practitioners.hours]]
days = ["mon", "tue"]
opens = "08:00"
closes = "12:00"
modes = ["in_person", "telemedicine"]
location = "main"

[[practitioners.hours]]
days = ["mon"]
opens = "12:00"
closes = "17:00"
modes = ["telemedicine"]

[[practitioners]]
code = "two"
name = "Dr. Two"
timezone = "America/Denver"
hours = [
    { days = ["fri"], opens = "08:00", closes = "12:00", modes = ["in_person"], location = "main" },
]

[[visit_types]]
code = "follow-up"
label = { en = "Follow-up", es = "Seguimiento" }
description = { en = "A visit.", es = "Una visita." }
minutes = 15
new_patients = "no"
modes = { in_person = "auto", telemedicine = "staff" }
practitioners = ["one"]

[holidays]
country = "US"
subdivision = "TX"
plus = [2026-12-31]
minus = [2026-11-11]
minus_named = ["San Jacinto Day"]

[reminders]
reminders = ["72h", "24h"]

[triage]
version = "1"
out_of_hours_phone = "+1 409 555 0110"
[triage.advice]
emergency = { en = "Call 911.", es = "Llame al 911." }
same_day_call = { en = "We call you.", es = "Le llamamos." }
soon = { en = "Choose a time.", es = "Elija una hora." }
called = { en = "We call you today.", es = "Le llamamos hoy." }
closed = { en = "We are closed.", es = "Estamos cerrados." }
[[triage.questions]]
id = "T1"
text = { en = "Numb?", es = "¿Adormecido?" }
yes = "emergency"
[[triage.questions]]
id = "T2"
text = { en = "Fever?", es = "¿Fiebre?" }
yes = "same_day_call"
emergency_with = ["T1"]

[[consents]]
kind = "telehealth"
version = "2026-01"
modes = ["telemedicine"]
required = true
text = { en = "I agree.", es = "Acepto." }

[[needs]]
code = "asl"
label = { en = "ASL", es = "ASL" }
extra_minutes = 15
modes = ["in_person"]

[alerts.default]
tell = ["desk@example.org", "+1 409 555 0120"]
then = [{ after = "30min", tell = ["+1 409 555 0121"] }]
"""


def small(*changes: tuple[str, str]) -> str:
    """The small file with its first such texts replaced."""
    text = SMALL
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text
