"""The settings of the video vendor."""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, Field, SecretStr

PUBLIC_JITSI = ("meet.jit.si", "8x8.vc")
"""Servers of strangers, which admit whoever knows a room's name."""


class VideoVendor(StrEnum):
    NONE = "none"
    """Whoever comes to the gate is asked to call the clinic."""
    REHEARSAL = "rehearsal"
    """A page of our own says where the video would open."""
    STATIC = "static"
    JITSI = "jitsi"
    ZOOM = "zoom"


def _server(value: str) -> str:
    if not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?/?", value):
        raise ValueError("not the address of a server such as https://meet.clinic.example")
    host = (urlsplit(value).hostname or "").lower()
    if any(host == each or host.endswith(f".{each}") for each in PUBLIC_JITSI):
        raise ValueError("not a server of the clinic's own: anybody could enter its rooms")
    return value


Server = Annotated[str, AfterValidator(_server)]

NEEDS = {
    VideoVendor.JITSI: ("jitsi_url", "jitsi_app_id", "jitsi_secret"),
    VideoVendor.ZOOM: ("zoom_account_id", "zoom_client_id", "zoom_client_secret"),
}


class VideoSettings(BaseModel):
    """Part of Settings; only what the chosen vendor needs has to be there."""

    video: VideoVendor = VideoVendor.NONE
    """none, rehearsal, static, jitsi or zoom."""
    jitsi_url: Server | None = None
    """The clinic's own Jitsi Meet."""
    jitsi_app_id: str | None = None
    """`app_id` of its Prosody: who signs."""
    jitsi_secret: Annotated[SecretStr, Field(min_length=32)] | None = None
    """`app_secret` of its Prosody."""
    jitsi_audience: str = "jitsi"
    """One of `asap_accepted_audiences` of its Prosody."""
    zoom_account_id: str | None = None
    zoom_client_id: str | None = None
    zoom_client_secret: SecretStr | None = None
    """Of a server-to-server OAuth app."""
    zoom_url: Server = "https://zoom.us"
    """Where Zoom gives out access tokens."""
    zoom_api_url: Server = "https://api.zoom.us"

    def video_faults(self, production: bool) -> Iterator[str]:
        for name in NEEDS.get(self.video, ()):
            if not getattr(self, name):
                yield f"{name} is needed where video is {self.video}"
        if not production:
            return
        if self.video is VideoVendor.REHEARSAL:
            yield "video must not be a rehearsal in production"
        if self.video is VideoVendor.JITSI and not (self.jitsi_url or "").startswith("https://"):
            yield "jitsi_url must begin with https:// in production"
