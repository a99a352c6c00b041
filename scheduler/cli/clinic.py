"""The database's schema and the clinic's file."""

from pathlib import Path
from typing import TextIO

import click

from scheduler.bootstrap import Runtime, bootstrap, open_database
from scheduler.cli.common import saying, settings
from scheduler.db import migrating, schema
from scheduler.domain.errors import ClinicFileFaulty
from scheduler.services.changes.telling import tell_of_places
from scheduler.services.clinic.apply import Applied, Places, apply, note_problem
from scheduler.services.clinic.check import read


@click.command()
@click.option(
    "--clinic", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Applied afterwards."
)
def migrate(clinic: Path | None) -> None:
    """Bring the database to this release, and apply the clinic file.

    A faulty file changes nothing: the service goes on with the clinic that it has, and `ready` is `degraded`.
    """
    given = settings()
    db = open_database(given)
    saying(lambda: migrating.migrate(db))
    click.echo(f"The schema is at {schema.needed()}.")
    if clinic is None:
        return
    try:
        _print(_apply(bootstrap(given), clinic.read_text(encoding="utf-8"), Places.REFUSE))
    except ClinicFileFaulty as faulty:
        with db.transaction() as session:
            note_problem(session, str(faulty), db.now(session))
        click.echo(f"{clinic} was refused and changed nothing:\n{faulty}", err=True)


@click.group("clinic")
def clinic_group() -> None:
    """The clinic's file."""


@clinic_group.command("check")
@click.argument("file", type=click.File(encoding="utf-8"))
def check_clinic(file: TextIO) -> None:
    """Say everything that is wrong with a clinic file, with line and reason."""
    text = file.read()
    saying(lambda: read(text))
    click.echo("The file is in order.")


@clinic_group.command("apply")
@click.argument("file", type=click.File(encoding="utf-8"))
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@click.option(
    "--notify",
    "places",
    flag_value=Places.NOTIFY,
    type=Places,
    help="Tell those who are booked at a place whose address, phone or zone changes.",
)
@click.option("--silent", "places", flag_value=Places.SILENT, type=Places, help="They need not hear of it.")
def apply_clinic(file: TextIO, dry_run: bool, places: Places | None) -> None:
    """Put a clinic file in force; prints what changes."""
    run, text = bootstrap(settings()), file.read()
    _print(saying(lambda: _apply(run, text, places or Places.REFUSE, dry_run=dry_run)), dry_run)


class _DryRun(Exception):
    """Rolls the transaction back after it has said what it would do."""


def _apply(run: Runtime, text: str, places: Places, *, dry_run: bool = False) -> Applied:
    applied = Applied([], [], [])
    try:
        with run.db.transaction() as session:
            now, production = run.db.now(session), run.settings.production
            applied = apply(session, text, now, production=production, places=places)
            if places is Places.NOTIFY:
                tell_of_places(session, run.desk, applied.moved)
            if dry_run:
                raise _DryRun
    except _DryRun:
        click.echo("Nothing was changed; this would be:")
    return applied


def _print(applied: Applied, dry_run: bool = False) -> None:
    click.echo("\n".join(applied.changes) or "The clinic is as the file says.")
    if applied.misfits:
        verb = "would" if dry_run else "do"
        click.echo(f"These future visits {verb} no longer fit the clinic's hours:", err=True)
        click.echo("\n".join(applied.misfits), err=True)
