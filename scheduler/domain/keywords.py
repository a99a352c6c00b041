"""The words that somebody may answer to a text, in English and Spanish."""

from collections.abc import Mapping
from enum import StrEnum

from scheduler.domain.people import fold


class Keyword(StrEnum):
    CONFIRM = "confirm"
    STOP = "stop"
    START = "start"
    HELP = "help"
    WRONG = "wrong"


ENGLISH: Mapping[Keyword, str] = {
    Keyword.CONFIRM: "C CONFIRM CONFIRMED YES Y",
    Keyword.STOP: "STOP STOPALL UNSUBSCRIBE CANCEL END QUIT REVOKE OPTOUT",
    Keyword.START: "START UNSTOP",
    Keyword.HELP: "HELP INFO",
    Keyword.WRONG: "WRONG WRONGNUMBER",
}
SPANISH: Mapping[Keyword, str] = {
    Keyword.CONFIRM: "CONFIRMO CONFIRMAR CONFIRMADO SI",
    Keyword.STOP: "ALTO PARAR PARE BAJA FIN CANCELAR TERMINAR DETENER",
    Keyword.START: "INICIAR REANUDAR",
    Keyword.HELP: "AYUDA",
    Keyword.WRONG: "EQUIVOCADO NUMEROEQUIVOCADO",
}
LANGUAGES: Mapping[str, Mapping[Keyword, str]] = {"en": ENGLISH, "es": SPANISH}

_MEANINGS = {
    word.casefold(): (keyword, language)
    for language, words in LANGUAGES.items()
    for keyword, several in words.items()
    for word in several.split()
}
_STOP_AT_ONCE = ("stop", "unsubscribe")
"""Whoever begins with one of these means it, whatever follows: "stop texting me"."""


def meaning(text: str) -> tuple[Keyword, str] | None:
    """What a text asks for, and in which language; None for any other words.

    However it is written: "Stop.", "opt-out", "número equivocado". A sentence means nothing, but for one that
    begins with "stop": a machine that guesses would cancel what nobody wanted to cancel.
    """
    words = fold(text).split()
    if words and words[0] in _STOP_AT_ONCE:
        return Keyword.STOP, "en"
    return _MEANINGS.get("".join(words))
