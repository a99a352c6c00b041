"""The command that holds all others."""

import click

from config.zones import use_pinned_zones
from scheduler.cli.accounts import accounts_group
from scheduler.cli.audit import audit_group
from scheduler.cli.clinic import clinic_group, migrate
from scheduler.cli.doctor import doctor
from scheduler.cli.feeds import feeds_group
from scheduler.cli.keys import keys_group
from scheduler.cli.machine import demo, up
from scheduler.cli.mail import take_inbound_mail
from scheduler.cli.outside_calendars import outside_calendars_group
from scheduler.cli.running import health, sweep, work
from scheduler.cli.times import times_group


@click.group()
def main() -> None:
    """Books telemedicine and in-person visits, and makes sure that patients hear of them."""
    use_pinned_zones()


for each in (
    migrate,
    clinic_group,
    work,
    sweep,
    health,
    doctor,
    take_inbound_mail,
    keys_group,
    accounts_group,
    audit_group,
    times_group,
    outside_calendars_group,
    feeds_group,
    up,
    demo,
):
    main.add_command(each)
