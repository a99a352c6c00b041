"""A form between two answers: read, shown, kept; and which page is next."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, request

from scheduler.api.runtime import runtime
from scheduler.domain.clinic import Clinic, Mode
from scheduler.domain.drafts import STAGES, Draft, Step, first_open, stage, steps
from scheduler.domain.triage import Result
from scheduler.messages.moments import Moment as Spoken
from scheduler.messages.moments import moment as spoken
from scheduler.services.booking import drafts
from scheduler.services.booking.triage import opened
from scheduler.services.clinic.current import Moment
from scheduler.web.going import go
from scheduler.web.rendering import page
from scheduler.web.speech import address, language, speak

SOON = 120
"""Seconds before the end of a hold at which more time is offered."""

Errors = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Form:
    """A draft at a moment."""

    id: UUID
    draft: Draft
    moment: Moment
    result: Result | None
    """The answers to the safety questions, while they count."""

    @property
    def clinic(self) -> Clinic:
        return self.moment.clinic

    @property
    def zone(self) -> ZoneInfo:
        """In which times are shown: that of the place, else the one that the patient chose."""
        place = self.draft.time.location if self.draft.time else None
        known = self.clinic.location(place) if place else None
        if known:
            return known.timezone
        by_video = self.draft.mode is Mode.TELEMEDICINE and self.draft.zone
        return ZoneInfo(self.draft.zone) if by_video and self.draft.zone else self.clinic.timezone

    def with_(self, draft: Draft) -> "Form":
        return replace(self, draft=draft, result=_result(draft, self.moment))

    def says(self, at: datetime) -> Spoken:
        return spoken(at, self.zone, language())


def open_form(id: UUID) -> Form:
    """Raises NotFound."""
    run = runtime()
    with run.db.transaction() as session:
        moment = run.desk.clinics.moment(session)
        draft = drafts.read(session, run.desk, id, moment.now)
    if draft.language:
        speak(draft.language)
    return Form(id, draft, moment, _result(draft, moment))


def _result(draft: Draft, moment: Moment) -> Result | None:
    result, rules = opened(runtime().desk.secrets.vault, draft.triage), moment.clinic.triage
    if result is None or rules is None or draft.visit_type is None:
        return None
    return result if result.counts(draft.visit_type, rules.version, moment.now) else None


def keep(form: Form, draft: Draft) -> Form:
    """Keep the answers, and the language in which they were given."""
    run = runtime()
    kept = replace(draft, language=language())
    with run.db.transaction() as session:
        drafts.save(session, run.desk, form.id, kept, form.moment.now)
    return form.with_(kept)


def go_to(form: Form, step: Step | str) -> Response:
    """By GET: what is loaded again asks nothing twice."""
    name = step if isinstance(step, Step) else None
    endpoint = f"book.show_{name or step}"
    return go(address(endpoint, id=form.id))


def go_on(form: Form) -> Response:
    """To the first question that is open; to the last page if it was booked."""
    if form.draft.visit:
        return go_to(form, "done")
    return go_to(form, first_open(form.draft, form.clinic, form.result))


def answered(form: Form, draft: Draft) -> Response:
    """Keep an answer and go on."""
    return go_on(keep(form, draft))


def elsewhere(form: Form, step: Step) -> Response | None:
    """Where somebody has to go first: nobody comes to a page before those that lead there."""
    open_step = first_open(form.draft, form.clinic, form.result)
    order = list(Step)
    too_early = order.index(open_step) < order.index(step)
    wrong = form.draft.visit or too_early or step not in steps(form.draft, form.clinic)
    return go_on(form) if wrong else None


def ask(
    template: str, form: Form, step: Step, errors: Errors | None = None, status: int = 200, **values: object
) -> Response:
    """A question; with errors, what was typed is given back."""
    return page(
        f"book/{template}.html",
        422 if errors else status,
        form=form,
        draft=form.draft,
        clinic=form.clinic,
        errors=errors or {},
        stage=stage(step),
        stages=len(STAGES),
        back=back_from(form, step),
        action=request.full_path.rstrip("?"),
        site=form.draft.site,
        held=_held(form),
        **values,
    )


def back_from(form: Form, step: Step) -> str:
    pages = list(steps(form.draft, form.clinic))
    before = pages[pages.index(step) - 1]
    return address(f"book.show_{before}", id=form.id)


@dataclass(frozen=True, slots=True)
class HeldTime:
    """What the pages after the times say of the time that is kept."""

    chosen: Spoken
    until: Spoken | None
    seconds: int
    """Until the end of the hold; none left when it has ended."""
    may_renew: bool


def _held(form: Form) -> HeldTime | None:
    time = form.draft.time
    if time is None:
        return None
    left = int((time.until - form.moment.now).total_seconds()) if time.until else 0
    until = form.says(time.until) if time.until else None
    return HeldTime(form.says(time.start), until, max(0, left), bool(time.hold) and not form.draft.renewed)
