"""The command that holds all others."""

from pkgutil import resolve_name

import click

from config.zones import use_pinned_zones

COMMANDS = {
    "accounts": "scheduler.cli.accounts:accounts_group",
    "audit": "scheduler.cli.audit:audit_group",
    "clinic": "scheduler.cli.clinic:clinic_group",
    "demo": "scheduler.cli.machine:demo",
    "doctor": "scheduler.cli.doctor:doctor",
    "feeds": "scheduler.cli.feeds:feeds_group",
    "health": "scheduler.cli.health:health",
    "inbound-mail": "scheduler.cli.mail:take_inbound_mail",
    "keys": "scheduler.cli.keys:keys_group",
    "migrate": "scheduler.cli.clinic:migrate",
    "outside-calendars": "scheduler.cli.outside_calendars:outside_calendars_group",
    "sweep": "scheduler.cli.running:sweep",
    "times": "scheduler.cli.times:times_group",
    "up": "scheduler.cli.machine:up",
    "work": "scheduler.cli.running:work",
}
"""By name, where each is found."""


class Lazily(click.Group):
    """Imports a command when it is called: `visits up` would wait two seconds for what others need."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = resolve_name(COMMANDS[cmd_name]) if cmd_name in COMMANDS else None
        assert found is None or isinstance(found, click.Command)
        return found


@click.group(cls=Lazily)
def main() -> None:
    """Books telemedicine and in-person visits, and makes sure that patients hear of them."""
    use_pinned_zones()
