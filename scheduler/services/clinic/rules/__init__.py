"""What only the whole file can show to be wrong: references, repetitions, promises that nobody keeps.

A rule yields findings about a draft. It passes over parts that are already known to be faulty (None in a file
that was read leniently), so that one mistake is reported once.
"""

from collections.abc import Callable, Iterator

from scheduler.services.clinic.reasons import Finding
from scheduler.services.clinic.rules import closed_days, codes, fitting, hours, offers, texts
from scheduler.services.clinic.rules.draft import Draft

Rule = Callable[[Draft], Iterator[Finding]]

RULES: tuple[Rule, ...] = (
    codes.written_twice,
    codes.unknown_locations,
    codes.unknown_practitioners,
    codes.unknown_questions,
    hours.that_end_before_they_begin,
    hours.in_person_without_a_location,
    hours.that_overlap,
    hours.periods_that_end_before_they_begin,
    offers.telemedicine_without_a_licence,
    offers.questions_that_nobody_wrote,
    offers.visits_without_a_room,
    offers.visits_that_nobody_gives,
    texts.missing_or_foreign_languages,
    texts.reminders_out_of_order,
    fitting.texts_that_do_not_fit,
    fitting.alerts_that_do_not_fit,
    closed_days.unknown_holidays,
    closed_days.both_open_and_closed,
)


def broken(draft: Draft) -> list[Finding]:
    return [finding for rule in RULES for finding in rule(draft)]
