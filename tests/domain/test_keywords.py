"""What somebody may answer to a text, however they write it."""

import pytest

from scheduler.domain.keywords import LANGUAGES, Keyword, meaning

WRITTEN = {
    Keyword.CONFIRM: ["C", "c", " c. ", "C!", "Confirm", "yes", "Sí", "confirmo", "“C”"],
    Keyword.STOP: [
        *("STOP", "stop", "Stop.", "STOPALL", "Stop all", "unsubscribe", "CANCEL", "end", "QUIT", "Revoke"),
        *("OPTOUT", "opt-out", "Opt out!", "ALTO", "Parar", "baja", "fin", "stop texting me", "STOP please"),
    ],
    Keyword.START: ["START", "start", "unstop", "Iniciar"],
    Keyword.HELP: ["HELP", "help?", "info", "Ayuda", "¿AYUDA?"],
    Keyword.WRONG: ["WRONG", "Wrong number", "wrong-number!", "NUMERO EQUIVOCADO", "Número equivocado."],
}


@pytest.mark.parametrize("keyword", Keyword)
def test_the_words_that_mean_something(keyword: Keyword) -> None:
    texts = WRITTEN[keyword]
    assert {text: (meaning(text) or (None,))[0] for text in texts} == dict.fromkeys(texts, keyword)


@pytest.mark.parametrize(
    "text",
    ["", "   ", "?", "👍", "cancel my appointment", "can I stop by", "C me at 3", "I can't come", "C" * 2000],
)
def test_sentences_mean_nothing(text: str) -> None:
    assert meaning(text) is None


def test_the_language_is_that_of_the_word() -> None:
    assert meaning("AYUDA") == (Keyword.HELP, "es")
    assert meaning("help") == (Keyword.HELP, "en")


def test_every_word_means_one_thing() -> None:
    words = [word for each in LANGUAGES.values() for several in each.values() for word in several.split()]
    assert len(words) == len(set(words))
