"""What goes by mail: news of visits to patients, alerts to people of the clinic."""

from sqlalchemy.orm import Session

from scheduler.channels.mime import Mail
from scheduler.services.ground.desk import Desk
from scheduler.services.outbox.alerts import alert_mail
from scheduler.services.outbox.claiming import Claimed, ClaimedHook, Held
from scheduler.services.outbox.content import mail_of


def compose_mail(session: Session, desk: Desk, held: Held) -> Mail | None:
    """The mail of a claimed message; None where nobody is to have it any more."""
    assert not isinstance(held, ClaimedHook)
    return mail_of(session, desk, held) if isinstance(held, Claimed) else alert_mail(session, desk, held)
