"""Mail to an address that was given up: somebody of the clinic knows that it is good."""

from scheduler.domain.errors import AddressDisowned
from scheduler.domain.messages import ChannelName
from scheduler.domain.visits import Act
from scheduler.services.changes.roles import find_recipient
from scheduler.services.changes.scene import Scene
from scheduler.services.telling.suppressing import lift, reason_of


def mail_again(scene: Scene, role: str) -> None:
    """The recipient's address gets mail again, about all visits; what came back is not sent by itself.

    One that gets mail stays as it is. Raises Invalid where nobody has this role; AddressDisowned where its
    reader said that they are not the patient: then only another address helps.
    """
    who, session = find_recipient(scene, role), scene.session
    why = reason_of(session, ChannelName.EMAIL, who.email_hash) if who.email_hash else None
    if who.email_hash is None or why is None:
        scene.idle = True
        return
    if why == Act.NOT_YOU:
        raise AddressDisowned
    lift(session, ChannelName.EMAIL, who.email_hash, scene.moment.now)
