"""What every page says of the clinic: its name, its phone, what to do in an emergency."""

from collections.abc import Mapping
from dataclasses import dataclass

from scheduler.api.runtime import runtime
from scheduler.domain.clinic import Clinic, Texts
from scheduler.messages.facts import spoken_phone
from scheduler.web.assets import look_version
from scheduler.web.texts import words


@dataclass(frozen=True, slots=True)
class House:
    name: str
    phone: str
    """In E.164, for a link that dials it."""
    phone_text: str
    emergency: str
    links: Mapping[str, str]
    accent: str | None
    """Version of the stylesheet with the clinic's colour."""
    logo: str | None
    """Version of its picture."""


def said(texts: Texts, language: str, clinic: Clinic) -> str:
    """A text of the clinic file in a language, else in the clinic's first."""
    return texts.get(language) or texts[clinic.languages[0]]


def house(language: str) -> House | None:
    """As the clinic is now; as it was last while the database is away; None where nothing is known of it."""
    run = runtime()
    clinic = run.desk.clinics.known()
    if clinic is None:
        return _unknown(run.settings.phone, language) if run.settings.phone else None
    look, version = clinic.look, look_version(clinic.look)
    return House(
        name=clinic.name,
        phone=clinic.phone,
        phone_text=spoken_phone(clinic.phone),
        emergency=said(clinic.emergency, language, clinic),
        links=clinic.links,
        accent=version if look.accent else None,
        logo=version if look.logo else None,
    )


def _unknown(phone: str, language: str) -> House:
    """Started while the database was away: there is only what the settings say."""
    text = words(language)["common"]
    return House(text["clinic"], phone, spoken_phone(phone), text["emergency"], {}, None, None)
