"""What a video vendor needs before the service starts."""

import pytest
from pydantic import ValidationError

from config.settings import Settings
from scheduler.bootstrap import open_video
from tests.config.test_production import settings

JITSI = {
    "video": "jitsi",
    "jitsi_url": "https://meet.clinic.example",
    "jitsi_app_id": "visits",
    "jitsi_secret": "a secret of at least thirty-two characters",
}
ZOOM = {"video": "zoom", "zoom_account_id": "a", "zoom_client_id": "c", "zoom_client_secret": "s"}


def named(chosen: Settings) -> str | None:
    vendor = open_video(chosen)
    return vendor.name if vendor else None


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({}, None),
        ({"video": "static"}, "static"),
        (JITSI, "jitsi"),
        (ZOOM, "zoom"),
        ({"video": "rehearsal", "environment": "sandbox"}, "rehearsal"),
    ],
)
def test_the_vendor_is_the_one_that_is_chosen(given: dict[str, str], name: str | None) -> None:
    assert named(settings(**given)) == name


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"video": "rehearsal"}, "rehearsal"),
        ({"video": "skype"}, "video"),
        ({"video": "jitsi"}, "(?s)jitsi_url is needed.*jitsi_app_id is needed.*jitsi_secret is needed"),
        ({"video": "zoom"}, "zoom_account_id is needed"),
        ({**JITSI, "jitsi_url": "https://meet.jit.si"}, "not a server of the clinic's own"),
        ({**JITSI, "jitsi_url": "https://MEET.JIT.SI/"}, "not a server of the clinic's own"),
        ({**JITSI, "jitsi_url": "https://eu.meet.jit.si"}, "not a server of the clinic's own"),
        ({**JITSI, "jitsi_url": "https://meet.clinic.example/room"}, "not the address of a server"),
        ({**JITSI, "jitsi_url": "http://meet.clinic.example"}, "jitsi_url must begin with https://"),
        ({**JITSI, "jitsi_secret": "too short"}, "jitsi_secret"),
    ],
)
def test_a_vendor_that_could_not_serve_is_refused_at_start(wrong: dict[str, str], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        settings(**wrong)


def test_what_another_vendor_needs_may_be_missing() -> None:
    assert settings(**JITSI).zoom_account_id is None
