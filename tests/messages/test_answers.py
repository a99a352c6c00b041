"""What is answered to a text fits into one, and tells nothing."""

import pytest

from scheduler.messages.answers import Answer, render_answer
from scheduler.messages.gsm7 import LONGEST, gsm7_length
from scheduler.messages.render import TEMPLATES
from scheduler.messages.sms import TextTooLong
from scheduler.messages.words import WORDS


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("answer", Answer)
def test_every_answer_fits_into_one_text(answer: Answer, language: str) -> None:
    words = render_answer(answer, language, "Example Medical Center", "+14095550100")
    assert (gsm7_length(words) or 0) <= LONGEST
    assert words.startswith("Example Medical Center: ")
    assert "https://" not in words


@pytest.mark.parametrize("language", WORDS)
def test_every_answer_is_written(language: str) -> None:
    written = {path.stem for path in (TEMPLATES / "_answer" / language).glob("*.txt")}
    assert written == set(Answer)


def test_a_name_that_leaves_no_room_is_no_answer() -> None:
    with pytest.raises(TextTooLong):
        render_answer(Answer.HELP, "en", "Example " * 12, "+14095550100")


def test_who_stops_is_told_that_appointments_stay() -> None:
    assert "Your appointments are unchanged" in render_answer(Answer.STOPPED, "en", "Clinic", "+14095550100")
    assert "Sus citas no cambian" in render_answer(Answer.STOPPED, "es", "Clinic", "+14095550100")
