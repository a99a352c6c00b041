"""Accounts of the people who work with the staff pages."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import click
from sqlalchemy.orm import Session

from scheduler.bootstrap import open_database, open_secrets
from scheduler.cli.common import saying, settings
from scheduler.domain.accounts import NAME, fold_account
from scheduler.domain.scopes import Scope
from scheduler.services.accounts import keeping

T = TypeVar("T")

LANGUAGES = ("en", "es")

SCOPES = click.Choice([str(scope) for scope in Scope])


def _account_name(_: click.Context, __: click.Parameter, value: str) -> str:
    name = fold_account(value)
    if not NAME.fullmatch(name):
        raise click.BadParameter("3 to 64 small letters, digits, dots, dashes or underscores")
    return name


@click.group("accounts")
def accounts_group() -> None:
    """Accounts of the people who sign in at /staff."""


@accounts_group.command("create")
@click.argument("name", callback=_account_name)
@click.option("--scope", "scopes", type=SCOPES, multiple=True, required=True)
@click.option(
    "--language", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Of the pages."
)
def create(name: str, scopes: tuple[str, ...], language: str) -> None:
    """Make an account and print its first password, this once; whoever signs in replaces it at once."""
    given = frozenset(map(Scope, scopes))
    click.echo(_done(lambda session, now: keeping.create_account(session, name, given, language, now)))


@accounts_group.command("list")
def list_all() -> None:
    """Say which accounts there are: name, scopes, language, created, disabled."""
    db = open_database(settings())
    with db.transaction() as session:
        for account in keeping.list_accounts(session):
            dates = (account.created_at, account.disabled_at)
            shown = (at.isoformat(timespec="minutes") if at else "-" for at in dates)
            click.echo("\t".join((account.name, ",".join(account.scopes), account.language, *shown)))


@accounts_group.command("change")
@click.argument("name", callback=_account_name)
@click.option("--scope", "scopes", type=SCOPES, multiple=True, help="All that it has from now on.")
@click.option("--language", type=click.Choice(LANGUAGES), help="Of the pages.")
def change(name: str, scopes: tuple[str, ...], language: str | None) -> None:
    """Give an account other scopes or another language; in force with the next page."""
    given = frozenset(map(Scope, scopes)) if scopes else None
    _done(lambda session, now: keeping.change_account(session, name, now, given, language))
    click.echo(f"{name} is changed.")


@accounts_group.command("disable")
@click.argument("name", callback=_account_name)
def disable(name: str) -> None:
    """Nobody signs in to it any more, and whoever is signed in is not from now on."""
    _done(lambda session, now: keeping.disable_account(session, name, now))
    click.echo(f"Nobody signs in as {name} any more.")


@accounts_group.command("reset-password")
@click.argument("name", callback=_account_name)
def reset_password(name: str) -> None:
    """Print another first password, this once. Sessions end; a disabled or locked account is open again."""
    given = settings()
    db, desk_secrets = open_database(given), open_secrets(given)

    def reset() -> str:
        with db.transaction() as session:
            return keeping.reset_password(session, desk_secrets.lookup, name, db.now(session))

    click.echo(saying(reset))


def _done(work: Callable[[Session, datetime], T]) -> T:
    db = open_database(settings())

    def done() -> T:
        with db.transaction() as session:
            return work(session, db.now(session))

    return saying(done)
