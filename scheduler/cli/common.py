"""What every subcommand starts with, and how it says why something cannot be done."""

from collections.abc import Callable
from typing import TypeVar

import click

from config.logging import configure_logging
from config.settings import Settings, SettingsFaulty, load_settings
from scheduler.db.schema import SchemaMismatch
from scheduler.domain.errors import SchedulerError

T = TypeVar("T")


def settings() -> Settings:
    try:
        found = load_settings()
    except SettingsFaulty as faulty:
        raise click.ClickException(f"the settings are not complete:\n{faulty}") from None
    configure_logging(found.log_level, found.log_format)
    return found


def saying(work: Callable[[], T]) -> T:
    """Do it, or say in words why not."""
    try:
        return work()
    except (SchedulerError, SchemaMismatch) as error:
        raise click.ClickException(str(error) or (error.__doc__ or "")) from None
