"""What events of calendars say to which others subscribe, in the clinic's first language."""

from collections.abc import Mapping
from dataclasses import dataclass

from scheduler.messages.words import known_language


@dataclass(frozen=True, slots=True)
class FeedWords:
    busy: str
    visit: str
    video_visit: str
    cancelled: str
    """For calendars that show an event whatever its STATUS is."""


WORDS: Mapping[str, FeedWords] = {
    "en": FeedWords("Busy", "Visit", "Video visit", "Cancelled"),
    "es": FeedWords("Ocupado", "Cita", "Cita por video", "Cancelada"),
}


def feed_words(language: str) -> FeedWords:
    return WORDS[known_language(language)]
