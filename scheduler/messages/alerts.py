"""What an alert says: that something waits, of which kind, and where; nothing about anybody."""

from collections.abc import Mapping
from dataclasses import dataclass

from scheduler.domain.messages import MessageKind
from scheduler.messages.facts import one_line
from scheduler.messages.render import MessageText, fill, fill_mail, version_of
from scheduler.messages.sms import TextBody, one_text
from scheduler.messages.words import known_language

TASKS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "approve": "An appointment request waits for an answer.",
        "needs": "Something that a patient needs has to be arranged.",
        "callback": "Somebody must be called today.",
        "call-soon": "Somebody must be called within days.",
        "not-licensed": "A video visit may not be given where the patient will be.",
        "nowhere": "A patient did not say where they will be for a video visit.",
        "same-person": "A new patient may be one whom the clinic knows already.",
        "not-you": "A mail address is not the patient's.",
        "misfit": "An appointment no longer fits the clinic's hours.",
        "bounced": "A mail to a patient did not arrive.",
        "declined": "A patient's calendar declined an appointment, which still stands.",
        "countered": "A patient's calendar asks for another time.",
        "delegated": "A patient's calendar names somebody else for an appointment.",
        "stranger": "Somebody answered an invite that did not go to them.",
        "mail-set-aside": "Mail came in that has to be read by a person.",
        "unsendable": "A message to a patient could not be written and was not sent.",
        "webhook-gone": "A program that was told of visits is there no more.",
        "busy-over-visit": "A practitioner's other calendar takes time in which a visit is booked.",
        "calendar-silent": "A practitioner's other calendar has given nothing for hours.",
        "unanswered": "Half of the time to answer a request is over. Please answer it.",
        "no-room": "A visit by video begins soon and has no room. Please call the patient.",
        "call": "Somebody has to be called: a message does not reach them.",
        "opted-out": "Somebody wants no more texts.",
        "wrong-number": "A phone number is not the patient's.",
        "number-dead": "No text reaches a patient's number.",
        "texts-filtered": "A carrier filters our texts.",
        "channel-paused": "A provider refuses our messages: they wait.",
        "time-overlap": "Two appointments overlap since the rules of a time zone changed.",
    },
    "es": {
        "approve": "Una solicitud de cita espera respuesta.",
        "needs": "Hay que organizar algo que un paciente necesita.",
        "callback": "Hay que llamar hoy a una persona.",
        "call-soon": "Hay que llamar a una persona en los próximos días.",
        "not-licensed": "Una visita por video no se puede dar donde estará el paciente.",
        "nowhere": "Un paciente no dijo dónde estará para una visita por video.",
        "same-person": "Un paciente nuevo puede ser uno que la clínica ya conoce.",
        "not-you": "Una dirección de correo no es del paciente.",
        "misfit": "Una cita ya no encaja en el horario de la clínica.",
        "bounced": "Un correo a un paciente no llegó.",
        "declined": "El calendario de un paciente rechazó una cita, que sigue en pie.",
        "countered": "El calendario de un paciente pide otra hora.",
        "delegated": "El calendario de un paciente nombra a otra persona para una cita.",
        "stranger": "Alguien respondió a una invitación que no era para esa persona.",
        "mail-set-aside": "Llegó un correo que tiene que leer una persona.",
        "unsendable": "Un mensaje a un paciente no se pudo escribir y no se envió.",
        "webhook-gone": "Un programa que recibía noticias de las citas ya no está.",
        "busy-over-visit": "Otro calendario de un profesional ocupa tiempo de una cita reservada.",
        "calendar-silent": "Otro calendario de un profesional no responde desde hace horas.",
        "unanswered": "Ya pasó la mitad del plazo para contestar una solicitud. Contéstela, por favor.",
        "no-room": "Una consulta por video empieza pronto y no tiene sala. Llame al paciente, por favor.",
        "call": "Hay que llamar a alguien: un mensaje no le llega.",
        "opted-out": "Alguien no quiere recibir más mensajes de texto.",
        "wrong-number": "Un número de teléfono no es del paciente.",
        "number-dead": "Ningún mensaje de texto llega al número de un paciente.",
        "texts-filtered": "Una compañía telefónica filtra nuestros mensajes de texto.",
        "channel-paused": "Un proveedor rechaza nuestros mensajes: están en espera.",
        "time-overlap": "Dos citas coinciden desde que cambiaron las reglas de una zona horaria.",
    },
}
"""Kinds of task in words, by language."""


@dataclass(frozen=True, slots=True)
class AlertFacts:
    language: str
    sender_name: str
    task: str
    """A kind; one without words is named by its code."""
    staff_link: str


def render_alert(facts: AlertFacts) -> MessageText:
    language = known_language(facts.language)
    return fill_mail(MessageKind.ALERT, language, _values(facts, language))


def render_alert_sms(facts: AlertFacts) -> TextBody:
    """Raises TextTooLong."""
    language = known_language(facts.language)
    template = f"{MessageKind.ALERT}/{language}/sms.txt"
    return TextBody(one_text(fill(template, _values(facts, language))), version_of({template}))


def _values(facts: AlertFacts, language: str) -> dict[str, object]:
    return {
        "sender_name": one_line(facts.sender_name),
        "task": TASKS[language].get(facts.task, facts.task),
        "staff_link": facts.staff_link,
    }
