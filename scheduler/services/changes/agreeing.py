"""Consents that come after the booking: with a conversion, at the gate, over the phone."""

from scheduler.domain.consents import Said, decisions
from scheduler.services.changes.roles import find_recipient, whose
from scheduler.services.changes.scene import Scene
from scheduler.services.people.consents import Giver, enter
from scheduler.services.telling.rerouting import replan


def agree(scene: Scene, said: Said, client: bytes | None, role: str | None = None) -> None:
    """Write down what somebody says to the texts that are in force; nothing said is nothing written.

    `client` is a keyed hash of where it came from. For staff `role` is whose word they pass on, the patient's
    where nobody is named; others speak for themselves alone. Raises Forbidden, Invalid.
    """
    enter_words(scene, said, client, whose(scene, role))


def enter_words(scene: Scene, said: Said, client: bytes | None, speaker: str) -> None:
    """The same where it is known who speaks. Raises Invalid."""
    words = decisions(scene.moment.clinic, said)
    if words:
        who = find_recipient(scene, speaker)
        giver = Giver(
            scene.visit.id, who.id, speaker, who.language, who.phone_hash, scene.order.actor, client
        )
        enter(scene.session, giver, words, scene.moment.now)
        replan(scene.session, who.id, scene.moment.now)
