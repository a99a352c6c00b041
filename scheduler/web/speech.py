"""Which language a page is in: what somebody chose, else what they are known to speak, else the browser's."""

from flask import g, request, url_for

from scheduler.api.languages import LANGUAGES, preferred
from scheduler.api.runtime import runtime

PARAMETER = "language"


def spoken() -> tuple[str, ...]:
    """The languages of pages: those of the clinic that the service has words in."""
    last = runtime().desk.clinics.last
    both = tuple(each for each in last.clinic.languages if each in LANGUAGES) if last else ()
    return both or LANGUAGES


def chosen() -> str | None:
    """What the address of this page asks for; it stays while somebody goes from page to page."""
    wanted = request.args.get(PARAMETER)
    return wanted if wanted in spoken() else None


def speak(language: str) -> None:
    """What the person is known to speak; a language chosen on the page comes first."""
    g.known_language = language


def language() -> str:
    known = g.get("known_language")
    return chosen() or (known if known in spoken() else preferred(spoken()))


def address(endpoint: str, **values: object) -> str:
    """Of another page, in the language that was chosen here."""
    return url_for(endpoint, **{PARAMETER: chosen(), **values})  # type: ignore[arg-type]


def here(language: str) -> str:
    """The address of this page in another language."""
    rule = {**request.args.to_dict(), **(request.view_args or {}), PARAMETER: language}
    return url_for(request.endpoint or "", **rule) if request.endpoint else ""
