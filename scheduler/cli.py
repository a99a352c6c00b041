"""The `visits` command: each subcommand calls one use case."""

import secrets
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from signal import SIGINT, SIGTERM, signal
from typing import TextIO, TypeVar

import click

from config.keys import fresh_keys
from config.logging import configure_logging
from config.settings import Settings, SettingsFaulty, load_settings
from config.zones import use_pinned_zones
from scheduler.bootstrap import bootstrap, open_database
from scheduler.db import schema
from scheduler.db.engine import Database
from scheduler.domain.errors import ClinicFileFaulty, SchedulerError
from scheduler.domain.scopes import Scope
from scheduler.embedded.demo import demo
from scheduler.embedded.up import up
from scheduler.services.access import create_key, list_keys, revoke_key
from scheduler.services.audit.chain import Head
from scheduler.services.audit.verifying import verify
from scheduler.services.clinic.apply import Applied, apply, note_problem
from scheduler.services.clinic.check import read
from scheduler.services.health import NEEDED, check
from scheduler.services.rederiving import rederive
from workers.doorbell import Publisher
from workers.sweeper import Sweeper
from workers.tasks import post_room, work

T = TypeVar("T")

CLINIC_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _settings() -> Settings:
    try:
        settings = load_settings()
    except SettingsFaulty as faulty:
        raise click.ClickException(f"the settings are not complete:\n{faulty}") from None
    configure_logging(settings.log_level, settings.log_format)
    return settings


def _saying(work: Callable[[], T]) -> T:
    """Do it, or say in words why not."""
    try:
        return work()
    except (SchedulerError, schema.SchemaMismatch) as error:
        raise click.ClickException(str(error) or (error.__doc__ or "")) from None


@click.group()
def main() -> None:
    """Books telemedicine and in-person visits, and makes sure that patients hear of them."""
    use_pinned_zones()


@main.command()
@click.option(
    "--clinic", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Applied afterwards."
)
def migrate(clinic: Path | None) -> None:
    """Bring the database to this release, and apply the clinic file.

    A faulty file changes nothing: the service goes on with the clinic that it has, and `ready` is `degraded`.
    """
    settings = _settings()
    db = open_database(settings)
    _saying(lambda: schema.migrate(db))
    click.echo(f"The schema is at {schema.needed()}.")
    if clinic is None:
        return
    try:
        _print(_apply(db, clinic.read_text(encoding="utf-8"), production=settings.production, silent=False))
    except ClinicFileFaulty as faulty:
        with db.transaction() as session:
            note_problem(session, str(faulty), db.now(session))
        click.echo(f"{clinic} was refused and changed nothing:\n{faulty}", err=True)


@main.group("clinic")
def clinic_group() -> None:
    """The clinic's file."""


@clinic_group.command("check")
@click.argument("file", type=click.File(encoding="utf-8"))
def check_clinic(file: TextIO) -> None:
    """Say everything that is wrong with a clinic file, with line and reason."""
    text = file.read()
    _saying(lambda: read(text))
    click.echo("The file is in order.")


@clinic_group.command("apply")
@click.argument("file", type=click.File(encoding="utf-8"))
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@click.option(
    "--silent", is_flag=True, help="A changed address, phone or zone need not be told to booked patients."
)
def apply_clinic(file: TextIO, dry_run: bool, silent: bool) -> None:
    """Put a clinic file in force; prints what changes."""
    settings = _settings()
    db, text = open_database(settings), file.read()
    _print(
        _saying(lambda: _apply(db, text, production=settings.production, silent=silent, dry_run=dry_run)),
        dry_run,
    )


class _DryRun(Exception):
    """Rolls the transaction back after it has said what it would do."""


def _apply(db: Database, text: str, *, production: bool, silent: bool, dry_run: bool = False) -> Applied:
    applied = Applied([], [])
    try:
        with db.transaction() as session:
            applied = apply(session, text, db.now(session), production=production, silent=silent)
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


@main.command("work")
def run_worker() -> None:
    """Deliver messages: a Celery worker."""
    work(_settings())


@main.command()
def sweep() -> None:
    """Find what is due and what was left lying; any number of these may run."""
    settings = _settings()
    stop = threading.Event()
    for number in (SIGINT, SIGTERM):
        signal(number, lambda *_: stop.set())
    Sweeper(post_room(bootstrap(settings)), Publisher(settings.redis_url).publish).run(stop)


@main.command()
@click.argument("command", type=click.Choice(sorted(NEEDED)))
def health(command: str) -> None:
    """Say whether `visits sweep` or `visits work` does its work; fails where it does not."""
    settings = _settings()
    faults = check(bootstrap(settings).desk, settings.redis_url).faults(NEEDED[command])
    if faults:
        raise click.ClickException("; ".join(f"{name}: {said}" for name, said in faults.items()))
    click.echo("ok")


@main.group("keys")
def keys_group() -> None:
    """The secrets of a stack, and the API keys of staff."""


@keys_group.command("new")
def new_keys() -> None:
    """Print fresh secrets, as lines for .env. Make them once: beside old data they open nothing."""
    password = {"VISITS_POSTGRES_PASSWORD": secrets.token_hex(24)}  # of the PostgreSQL in docker-compose.yml
    for name, value in (fresh_keys() | password).items():
        click.echo(f"{name}={value}")


@keys_group.command("create")
@click.argument("name")
@click.option(
    "--scope", "scopes", type=click.Choice([str(scope) for scope in Scope]), multiple=True, required=True
)
@click.option("--days", type=click.IntRange(1, 3650), help="How long it opens anything; else until revoked.")
def create_staff_key(name: str, scopes: tuple[str, ...], days: int | None) -> None:
    """Make an API key of staff and print it, this once: only its SHA-256 is kept."""
    db = open_database(_settings())
    lasts = timedelta(days=days) if days else None

    def made() -> str:
        with db.transaction() as session:
            return create_key(session, name, frozenset(map(Scope, scopes)), db.now(session), lasts)

    click.echo(_saying(made))


@keys_group.command("list")
def list_staff_keys() -> None:
    """Say which API keys there are: name, scopes, created, expires, revoked."""
    db = open_database(_settings())
    with db.transaction() as session:
        for key in list_keys(session):
            dates = (key.created_at, key.expires_at, key.revoked_at)
            shown = (at.isoformat(timespec="minutes") if at else "-" for at in dates)
            click.echo("\t".join((key.name, ",".join(key.scopes), *shown)))


@keys_group.command("revoke")
@click.argument("name")
def revoke_staff_key(name: str) -> None:
    """From now on the key opens nothing."""
    db = open_database(_settings())

    def revoked() -> None:
        with db.transaction() as session:
            revoke_key(session, name, db.now(session))

    _saying(revoked)
    click.echo(f"{name} opens nothing any more.")


@main.group("audit")
def audit_group() -> None:
    """What was done, and by whom."""


@audit_group.command("verify")
@click.option("--known", type=Head.parse, help="A head that an earlier run printed, kept elsewhere.")
def verify_audit(known: Head | None) -> None:
    """Go through the sealed audit and name the first entry that is not what was sealed."""
    verdict = _saying(lambda: verify(open_database(_settings()), known))
    if verdict.faults:
        raise click.ClickException("\n".join(verdict.faults))
    click.echo(f"The audit is whole: {verdict.head.sealed_as} entries. Its head is {verdict.head}")


@main.group("times")
def times_group() -> None:
    """The times of visits."""


@times_group.command("rederive")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
def rederive_times(dry_run: bool) -> None:
    """Bring future visits under the rules of the tzdata that is installed; run it after each upgrade."""
    done = _saying(lambda: rederive(bootstrap(_settings()).desk, dry_run=dry_run))
    if dry_run:
        click.echo("Nothing was changed; this would be:")
    click.echo("\n".join(done.moved) or "No visit moves.")
    click.echo(f"Visits brought under tzdata {done.version}: {done.visits}; moved: {len(done.moved)}.")


DATA = click.Path(file_okay=False, path_type=Path)


@main.command("up")
@click.option("--data", type=DATA, default=Path("data"), show_default=True, help="Kept for the next start.")
@click.option("--port", default=8000, show_default=True, help="Of the API.")
@click.option("--smtp-port", default=1025, show_default=True, help="Where the mailbox takes mails.")
@click.option("--mailbox-port", default=8025, show_default=True, help="Where the mailbox shows them.")
@click.option("--clinic", type=CLINIC_FILE, help="Applied at start; an example where none was ever applied.")
def run_everything(data: Path, port: int, smtp_port: int, mailbox_port: int, clinic: Path | None) -> None:
    """Run everything in this terminal: database, queue, mailbox, API, worker, sweeper."""
    raise SystemExit(up(data=data, port=port, smtp_port=smtp_port, mailbox_port=mailbox_port, clinic=clinic))


@main.command("demo")
def run_demo() -> None:
    """Book two visits on a stack of its own, wait for their mails, and tell the story."""
    raise SystemExit(demo())


if __name__ == "__main__":
    main(prog_name="visits")
