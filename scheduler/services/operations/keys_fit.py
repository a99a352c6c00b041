"""Whether the keys of the settings are those that the data was written with: looked at in a few rows."""

from collections.abc import Iterator

from sqlalchemy import Connection, select

from scheduler.db.models import Recipient
from scheduler.db.secrets import CannotOpen, Secrets
from scheduler.domain.people import fold_email
from scheduler.services.operations.resealing import opened, sealed_columns

SAMPLE = 20
"""Rows of each table, by primary key: ids are random, so they are of all ages."""


def misfits(connection: Connection, secrets: Secrets) -> Iterator[str]:
    """What these keys are not good for, a line each."""
    yield from sorted(set(_sealed_otherwise(connection, secrets)))
    if _hashed_otherwise(connection, secrets):
        yield "VISITS_LOOKUP_KEY is not the one that contacts were written with"
    strange = set(connection.scalars(select(Recipient.link_key).distinct())) - secrets.links.keys
    for key in sorted(strange):
        yield f"VISITS_LINK_KEYS has no key {key}, with which mailed links were made"


def _sealed_otherwise(connection: Connection, secrets: Secrets) -> Iterator[str]:
    for table, columns in sealed_columns():
        (key,) = table.primary_key.columns
        for row in connection.execute(select(key, *columns).order_by(key).limit(SAMPLE)):
            try:
                list(opened(table, columns, secrets.vault, row[0], row[1:]))
            except CannotOpen as error:
                yield f"VISITS_ENCRYPTION_KEYS: {error}"


def _hashed_otherwise(connection: Connection, secrets: Secrets) -> bool:
    rows = select(Recipient.id, Recipient.email, Recipient.email_hash).where(Recipient.email.is_not(None))
    for id, email, hashed in connection.execute(rows.order_by(Recipient.id).limit(SAMPLE)):
        assert email
        try:
            address = secrets.vault.open("recipients.email", id, email)
        except CannotOpen:
            continue  # said already
        if secrets.lookup.hash("email", fold_email(address)) != hashed:
            return True
    return False
