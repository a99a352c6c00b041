"""What the form says where nothing was chosen."""

from scheduler.web.speech import language
from scheduler.web.texts import words


def missing(field: str) -> dict[str, str]:
    return {field: words(language())["book"][field]["missing"]}
