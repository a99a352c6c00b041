"""What somebody is answered who wrote a text: fixed words, which tell nothing of anybody."""

from enum import StrEnum

from scheduler.messages.facts import one_line, spoken_phone
from scheduler.messages.render import fill
from scheduler.messages.sms import one_text
from scheduler.messages.words import known_language


class Answer(StrEnum):
    CONFIRMED = "confirmed"
    STOPPED = "stopped"
    STARTED = "started"
    NOT_STARTED = "not_started"
    """Nobody with this number ever agreed to texts."""
    WRONG = "wrong"
    HELP = "help"
    NOT_UNDERSTOOD = "not_understood"


def render_answer(answer: Answer, language: str, sender: str, phone: str) -> str:
    """`phone` in E.164. Raises TextTooLong."""
    values = {"sender": one_line(sender), "phone": spoken_phone(phone)}
    return one_text(fill(f"_answer/{known_language(language)}/{answer}.txt", values))
