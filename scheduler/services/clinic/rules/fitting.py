"""Names must leave room in texts: one that does not fit is never sent, and nobody would know why."""

from collections.abc import Iterator

from scheduler.domain.consents import ConsentKind
from scheduler.messages.facts import spoken_phone
from scheduler.messages.fitting import unfit_alerts, unfit_answers, unfit_messages
from scheduler.services.clinic.carried import Alert
from scheduler.services.clinic.reasons import Finding
from scheduler.services.clinic.rules.draft import Draft
from scheduler.services.clinic.table import if_sound, numbered, sound


def texts_that_do_not_fit(draft: Draft) -> Iterator[Finding]:
    """Only where patients can agree to texts."""
    clinic = if_sound(draft.file.clinic)
    if clinic is None or not any(each.kind == ConsentKind.SMS for each in sound(draft.file.consents)):
        return
    sender = clinic.sender.name
    phones = {clinic.phone, *(each.phone for each in sound(draft.file.locations) if each.phone)}
    phone = max(phones, key=lambda each: len(spoken_phone(each)))
    for language in clinic.languages:
        without = [
            *unfit_messages(sender, "", phone, language),
            *unfit_answers(sender, clinic.phone, language),
        ]
        for misfit in without[:1]:
            yield Finding(("clinic", "sender", "name"), f"leaves too little room: {misfit}")
        for i, practitioner in numbered(draft.file.practitioners if not without else ()):
            name = practitioner.message_name or practitioner.name
            for misfit in unfit_messages(sender, name, phone, language)[:1]:
                reason = f'"{name}" does not fit beside the sender "{sender}": {misfit}'
                yield Finding(("practitioners", i, "message_name"), reason)


def alerts_that_do_not_fit(draft: Draft) -> Iterator[Finding]:
    """Only where alerts go to numbers."""
    clinic = if_sound(draft.file.clinic)
    told = {contact for alert in sound(draft.file.alerts.values()) for contact in _contacts(alert)}
    if clinic is None or all("@" in contact for contact in told):
        return
    for misfit in unfit_alerts(clinic.sender.name, clinic.languages[0])[:1]:
        yield Finding(("clinic", "sender", "name"), f"leaves too little room: {misfit}")


def _contacts(alert: Alert) -> Iterator[str]:
    yield from alert.tell
    yield from alert.out_of_hours
    for step in alert.then:
        yield from step.tell
