"""The secrets of a stack, and the API keys of staff."""

import secrets
from datetime import timedelta

import click

from config.keys import fresh_keys
from scheduler.bootstrap import open_database, open_secrets
from scheduler.cli.common import saying, settings
from scheduler.domain.scopes import Scope
from scheduler.services.accounts.access import create_key, list_keys, revoke_key
from scheduler.services.operations.resealing import reseal


@click.group("keys")
def keys_group() -> None:
    """The secrets of a stack, and the API keys of staff."""


@keys_group.command("new")
def new_keys() -> None:
    """Print fresh secrets, as lines for .env. Make them once: beside old data they open nothing."""
    password = {"VISITS_POSTGRES_PASSWORD": secrets.token_hex(24)}  # of the PostgreSQL in docker-compose.yml
    for name, value in (fresh_keys() | password).items():
        click.echo(f"{name}={value}")


@keys_group.command("rotate-encryption")
def rotate_encryption() -> None:
    """Seal everything with the first of VISITS_ENCRYPTION_KEYS; may run beside the service, and again."""
    given = settings()
    done = saying(lambda: reseal(open_database(given), open_secrets(given).vault))
    click.echo(f"Sealed anew: {done.rows} rows. Left under other keys: {done.left}.")
    if done.unopened:
        raise click.ClickException("\n".join(done.unopened))
    if done.left:
        raise click.ClickException("Somebody had these in hand: run it again.")


@keys_group.command("create")
@click.argument("name")
@click.option(
    "--scope", "scopes", type=click.Choice([str(scope) for scope in Scope]), multiple=True, required=True
)
@click.option("--days", type=click.IntRange(1, 3650), help="How long it opens anything; else until revoked.")
def create_staff_key(name: str, scopes: tuple[str, ...], days: int | None) -> None:
    """Make an API key of staff and print it, this once: only its SHA-256 is kept."""
    db = open_database(settings())
    lasts = timedelta(days=days) if days else None

    def made() -> str:
        with db.transaction() as session:
            return create_key(session, name, frozenset(map(Scope, scopes)), db.now(session), lasts)

    click.echo(saying(made))


@keys_group.command("list")
def list_staff_keys() -> None:
    """Say which API keys there are: name, scopes, created, expires, revoked."""
    db = open_database(settings())
    with db.transaction() as session:
        for key in list_keys(session):
            dates = (key.created_at, key.expires_at, key.revoked_at)
            shown = (at.isoformat(timespec="minutes") if at else "-" for at in dates)
            click.echo("\t".join((key.name, ",".join(key.scopes), *shown)))


@keys_group.command("revoke")
@click.argument("name")
def revoke_staff_key(name: str) -> None:
    """From now on the key opens nothing."""
    db = open_database(settings())

    def revoked() -> None:
        with db.transaction() as session:
            revoke_key(session, name, db.now(session))

    saying(revoked)
    click.echo(f"{name} opens nothing any more.")
