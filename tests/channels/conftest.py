"""The mail that the tests send, and the certificate of their servers."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from scheduler.channels.mime import Mail
from scheduler.domain.clinic import Sender
from tests.smtp import throw_away_certificate

INVITE = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"


@pytest.fixture
def mail() -> Mail:
    return Mail(
        message_id="<4f2a1c9e@clinic.example>",
        date=datetime(2026, 11, 20, 15, 30, tzinfo=UTC),
        sender=Sender("Example Spine Clinic", "visits@clinic.example"),
        recipient="maria@patients.example",
        subject="Your appointment on Dec 1",
        text="Your appointment is confirmed.\n.\n..\n.hidden\n",
        html="<p>Your appointment is confirmed.</p>\n",
        calendar=INVITE,
    )


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return throw_away_certificate(tmp_path_factory.mktemp("tls"))
