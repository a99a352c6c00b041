"""Logs: one JSON object a line; extras come from an allow-list, so that nothing private slips in."""

import logging
import logging.config
from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the HTTP request that is being answered, or of the piece of work that a worker does."""

FIELDS = ("asctime", "levelname", "name", "message", "request_id")
EXTRAS = (
    *("route", "method", "status", "milliseconds"),
    *("message_id", "visit_id", "kind", "channel", "verdict", "code"),
)
"""What a log call may add with `extra=`; ids and counts, never words that a patient wrote."""


class AllowedFields(logging.Filter):
    """Adds the request id and drops every extra that is not on the list."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        for name in set(vars(record)) - _STANDARD - set(EXTRAS) - {"request_id"}:
            delattr(record, name)
        return True


_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


def configure_logging(level: str, log_format: str) -> None:
    """One handler on standard error for everything; `log_format` is json or text."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "filters": {"allowed": {"()": AllowedFields}},
            "formatters": {
                "json": {
                    "()": "pythonjsonlogger.json.JsonFormatter",
                    "fmt": " ".join(f"%({field})s" for field in FIELDS),
                    "rename_fields": {"asctime": "at", "levelname": "level"},
                },
                "text": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
            },
            "handlers": {
                "stderr": {"class": "logging.StreamHandler", "formatter": log_format, "filters": ["allowed"]}
            },
            "loggers": {
                "alembic": {"level": "WARNING"},  # it speaks at each look at the schema's version
                "imapclient": {"level": "WARNING"},  # below that it says what stands in mails
                "urllib3": {"level": "ERROR"},  # below that it names addresses, some of which are secrets
            },
            "root": {"level": level.upper(), "handlers": ["stderr"]},
        }
    )
