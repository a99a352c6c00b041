"""A judge who never condemns proves nothing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.faults.judging import Evidence, Row, judge
from tests.faults.patients import KnownVisit, Person
from tests.faults.postmaster import receipt_of
from tests.faults.wires import Receipt

PAT, SAM, PHONE = "pat@patients.example", "sam@helpers.example", "+14095550123"
VISIT = KnownVisit("visit-1", "token", datetime(2026, 12, 3, 15, tzinfo=UTC), told=[Person(PAT)])
BOTH = [Person(PAT), Person(SAM)]
CONFIRMED = Row(1, "visit-1", 0, "confirmed", "sent", 1, "one")
REMINDER = Row(2, "visit-1", 0, "reminder", "sent", 1, "two")
CHANGED = Row(3, "visit-1", 1, "changed", "sent", 1, "three")
MOVED = replace(VISIT, sequence=1, calm=False)


def mail(row: Row, words: str = "", to: str = PAT) -> Receipt:
    return receipt_of(f"Message-ID: <{row.message_id}@clinic.example>\r\nTo: {to}\r\n\r\n{words}".encode())


def text(row: Row) -> Receipt:
    return Receipt(b"", row.message_id, PHONE)


GOOD = Evidence(
    visits=[VISIT],
    rows=[CONFIRMED, REMINDER],
    receipts=[mail(CONFIRMED), mail(REMINDER)],
    stale=frozenset(),
    in_doubt=False,
)


def complaints(**more: object) -> Sequence[str]:
    return judge(replace(GOOD, **more)).complaints  # type: ignore[arg-type]


def test_a_day_on_which_all_went_well_is_praised() -> None:
    found = judge(GOOD)
    assert found.complaints == []
    assert (found.planned, found.sent, found.withdrawn, found.lost, found.doubled) == (2, 2, 0, 0, 0)


def test_what_was_withdrawn_in_time_is_not_missed() -> None:
    rows = [replace(CONFIRMED, state="superseded", handoffs=0), CHANGED]
    found = judge(replace(GOOD, visits=[MOVED], rows=rows, receipts=[mail(CHANGED)]))
    assert (found.complaints, found.withdrawn, found.lost) == ([], 1, 0)


@pytest.mark.parametrize(
    "state", ["sent", "pending", "handoff", "superseded", "skipped", "failed", "expired", "unknown"]
)
def test_a_mail_that_nobody_got_is_lost_whatever_its_row_says(state: str) -> None:
    found = judge(replace(GOOD, rows=[CONFIRMED, replace(REMINDER, state=state)], receipts=[mail(CONFIRMED)]))
    assert found.lost == len(found.complaints) == 2, "once by the row, once by what the patient knows"


def test_a_visit_of_which_nothing_was_planned_is_missed() -> None:
    (said,) = complaints(rows=[CONFIRMED], receipts=[mail(CONFIRMED)])
    assert f"{PAT} never got reminder" in said
    said, *_ = complaints(visits=[replace(MOVED, cancelled=True)])
    assert f"{PAT} never got cancelled" in said


def test_whoever_booked_for_somebody_hears_of_it_too() -> None:
    told = replace(VISIT, told=BOTH, calm=False)
    (said,) = complaints(visits=[told])
    assert f"{SAM} never got confirmed" in said
    also = replace(CONFIRMED, id=4, message_id="four")
    rows, receipts = [*GOOD.rows, also], [*GOOD.receipts, mail(also, to=SAM)]
    assert complaints(visits=[told], rows=rows, receipts=receipts) == []


def test_a_reminder_is_not_withdrawn_where_its_visit_stands_as_it_was_when_it_was_planned() -> None:
    rows = [CONFIRMED, replace(REMINDER, state="superseded", handoffs=0)]
    (said,) = complaints(visits=[replace(VISIT, calm=False)], rows=rows, receipts=[mail(CONFIRMED)])
    assert "reminder 2 [] is superseded" in said
    rows, receipts = [*rows, CHANGED], [mail(CONFIRMED), mail(CHANGED)]
    assert complaints(visits=[MOVED], rows=rows, receipts=receipts) == []


def test_news_that_are_no_longer_true_are_not_to_leave() -> None:
    (said,) = complaints(stale={CONFIRMED.id})
    assert "something newer" in said


def test_what_is_older_is_not_to_come_after_what_is_newer() -> None:
    rows, receipts = [CONFIRMED, CHANGED], [mail(CHANGED), mail(CONFIRMED)]
    (said,) = complaints(visits=[MOVED], rows=rows, receipts=receipts)
    assert f"to {PAT} after a newer one" in said


def test_what_is_newer_may_have_come_to_somebody_else() -> None:
    to_sam = replace(CHANGED, id=4, message_id="four")
    rows = [CONFIRMED, CHANGED, to_sam]
    receipts = [mail(to_sam, to=SAM), mail(CONFIRMED), mail(CHANGED)]
    assert complaints(visits=[replace(MOVED, told=BOTH)], rows=rows, receipts=receipts) == []
    receipts = [mail(to_sam, to=SAM), mail(CHANGED), mail(CONFIRMED)]
    assert len(complaints(visits=[replace(MOVED, told=BOTH)], rows=rows, receipts=receipts)) == 1


def test_a_second_copy_is_excused_by_a_death_alone_and_only_by_the_same_mail() -> None:
    twice = [replace(CONFIRMED, handoffs=2), REMINDER]
    receipts = [mail(CONFIRMED), *GOOD.receipts]
    (said,) = complaints(rows=twice, receipts=receipts)
    assert "nothing had died" in said
    assert complaints(rows=twice, receipts=receipts, in_doubt=True) == []
    (said,) = complaints(rows=twice, receipts=[mail(CONFIRMED, "otherwise"), *GOOD.receipts], in_doubt=True)
    assert "differ" in said


def test_there_are_never_more_copies_than_hand_overs_and_never_three() -> None:
    receipts = [mail(CONFIRMED), *GOOD.receipts]
    (said,) = complaints(receipts=receipts, in_doubt=True)
    assert "2 times in 1 hand-overs" in said
    often = [replace(CONFIRMED, handoffs=3), REMINDER]
    (said,) = complaints(rows=often, receipts=[mail(CONFIRMED), *receipts], in_doubt=True)
    assert "3 times" in said


UNKNOWN = replace(CONFIRMED, state="unknown", handoffs=2, called=True)
FORGOTTEN_TWICE = {
    "visits": [replace(VISIT, calm=False)],
    "rows": [UNKNOWN],
    "receipts": [],
    "forgotten": [mail(UNKNOWN), mail(UNKNOWN)],
}


def test_what_a_server_forgot_at_both_hand_overs_is_neither_sent_nor_lost_and_is_said_by_phone() -> None:
    found = judge(replace(GOOD, **FORGOTTEN_TWICE))  # type: ignore[arg-type]
    assert (found.complaints, found.sent, found.unknown, found.lost) == ([], 0, 1, 0)
    (said,) = complaints(**{**FORGOTTEN_TWICE, "rows": [replace(UNKNOWN, called=False)]})
    assert "nobody is to phone" in said


def test_what_was_unknown_of_an_older_state_needs_no_call_where_the_newer_one_was_told() -> None:
    rows, receipts = [replace(UNKNOWN, called=False), CHANGED], [mail(CHANGED)]
    moved = {**FORGOTTEN_TWICE, "visits": [MOVED], "rows": rows, "receipts": receipts}
    assert complaints(**moved) == []


def test_what_is_given_up_before_its_second_hand_over_is_lost() -> None:
    once = {**FORGOTTEN_TWICE, "forgotten": [mail(UNKNOWN)]}
    assert len(complaints(**once)) == 2
    assert len(complaints(**{**once, "rows": [replace(UNKNOWN, handoffs=1)]})) == 2


def test_what_a_server_forgot_is_handed_over_once_more_and_comes_once() -> None:
    rows, forgotten = [replace(CONFIRMED, handoffs=2), REMINDER], [mail(CONFIRMED)]
    assert complaints(rows=rows, forgotten=forgotten) == []
    (said,) = complaints(rows=rows, forgotten=[mail(CONFIRMED, "otherwise")])
    assert "differ" in said


# --------------------------------------------------------------------------------------------------- by text

TEXTED = replace(VISIT, told=[Person(PAT, PHONE)])
SAID = Row(5, "visit-1", 0, "confirmed", "sent", 1, "five", channel="sms")
REMINDED = Row(6, "visit-1", 0, "reminder", "sent", 1, "six", channel="sms")
TEXTS: dict[str, object] = {
    "visits": [TEXTED],
    "rows": [CONFIRMED, SAID, REMINDED],
    "receipts": [mail(CONFIRMED), text(SAID), text(REMINDED)],
}


def test_whoever_agreed_to_texts_has_news_both_ways_and_each_reminder_one_way() -> None:
    assert complaints(**TEXTS) == []
    (said,) = complaints(**TEXTS | {"rows": [CONFIRMED, REMINDED]})
    assert f"{PHONE} never got confirmed" in said
    (said,) = complaints(**TEXTS | {"rows": [CONFIRMED, SAID]})
    assert f"{PHONE} never got reminder" in said


def test_a_reminder_that_could_not_go_by_text_may_go_by_mail_but_not_both_ways() -> None:
    skipped, by_mail = replace(REMINDED, state="skipped", handoffs=0, elsewhere=True), REMINDER
    rows, receipts = [CONFIRMED, SAID, skipped, by_mail], [mail(CONFIRMED), text(SAID), mail(by_mail)]
    assert complaints(**TEXTS | {"rows": rows, "receipts": receipts}) == []
    both = {"rows": [*TEXTS["rows"], by_mail], "receipts": [*TEXTS["receipts"], mail(by_mail)]}  # type: ignore[misc]
    (said,) = complaints(**TEXTS | both)
    assert "reminded of visit visit-1 by mail and by text" in said
    nowhere = replace(skipped, elsewhere=False)
    assert len(complaints(**TEXTS | {"rows": [CONFIRMED, SAID, nowhere], "receipts": receipts})) == 2


def test_a_text_never_comes_twice_whatever_dies() -> None:
    rows = [CONFIRMED, replace(SAID, handoffs=2), REMINDED]
    receipts = [mail(CONFIRMED), text(SAID), text(SAID), text(REMINDED)]
    (said,) = complaints(**TEXTS | {"rows": rows, "receipts": receipts, "in_doubt": True})
    assert "came 2 times in 2 hand-overs" in said


def test_of_a_text_that_was_on_its_way_when_somebody_died_nobody_knows_and_it_is_said_by_phone() -> None:
    lost = {"rows": [CONFIRMED, replace(SAID, state="unknown", called=True), REMINDED]}
    gone = {**TEXTS, **lost, "receipts": [mail(CONFIRMED), text(REMINDED)]}
    found = judge(replace(GOOD, **gone, in_doubt=True))  # type: ignore[arg-type]
    assert (found.complaints, found.sent, found.unknown, found.lost) == ([], 2, 1, 0)
    came = judge(replace(GOOD, **{**TEXTS, **lost}, in_doubt=True))  # type: ignore[arg-type]
    assert (came.complaints, came.sent, came.unknown) == ([], 3, 0)
    assert any("nothing had died" in said for said in complaints(**{**TEXTS, **lost}))
    uncalled = [CONFIRMED, replace(SAID, state="unknown"), REMINDED]
    (said,) = complaints(**{**TEXTS, "rows": uncalled, "in_doubt": True})
    assert "nobody is to phone" in said
