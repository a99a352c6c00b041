"""The safety questions: asked before a time is chosen. Not a diagnosis."""

from apiflask import APIBlueprint
from flask import Response

from scheduler.api.clinic import in_force
from scheduler.api.languages import default_language
from scheduler.api.particulars import spoken
from scheduler.api.runtime import runtime
from scheduler.api.schemas.triage import (
    AdviceOut,
    CallbackIn,
    CallbackOut,
    QuestionOut,
    QuestionsOut,
    TriageIn,
    TriageOut,
    TriageQuery,
)
from scheduler.api.staff_visit_json import private
from scheduler.services.booking.callbacks import CallRequest, ask_for_call
from scheduler.services.booking.triage import answer, opened, rules_for

blueprint = APIBlueprint("triage", __name__, url_prefix="/v1", tag="Booking")


@blueprint.get("/triage")
@blueprint.input(TriageQuery, location="query")
@blueprint.output(QuestionsOut)
def list_questions(query_data: TriageQuery) -> QuestionsOut:
    """The safety questions before a visit

    Each is answered yes or no; none where this kind of visit asks nothing.
    """
    rules = rules_for(in_force(), query_data.visit_type)
    if rules is None:
        return QuestionsOut(version=None, questions=[])
    asked = [QuestionOut(id=each.id, text=spoken(each.text)) for each in rules.questions]
    return QuestionsOut(version=rules.version, questions=asked)


@blueprint.post("/triage")
@blueprint.input(TriageIn)
@blueprint.output(TriageOut)
def answer_questions(json_data: TriageIn) -> Response:
    """Answer the safety questions

    Nothing about anybody is kept. With an `emergency` show the advice at once: its token opens nothing. After
    a `same_day_call` ask for a number first (`POST /v1/callbacks`); what is left is a visit in person.
    """
    said = json_data
    found = answer(runtime().desk, said.visit_type, said.version, said.answers)
    advice = AdviceOut(text=spoken(found.advice.texts), phone=found.advice.phone) if found.advice else None
    return private(TriageOut(outcome=found.outcome, token=found.token, advice=advice))


@blueprint.post("/callbacks")
@blueprint.input(CallbackIn)
@blueprint.output(CallbackOut, 202)
@blueprint.doc(responses=[403])
def ask_for_a_call(json_data: CallbackIn) -> Response:
    """Ask to be called

    With the token of an `emergency` or a `same_day_call`. While the clinic is closed no call today is
    promised: the advice says so, and whom to call instead.
    """
    desk, asked = runtime().desk, json_data
    result = opened(desk.secrets.vault, asked.triage)
    language = asked.language or default_language()
    promise = ask_for_call(desk, CallRequest(result, asked.name, asked.phone, language))
    text = " ".join(map(spoken, promise.texts))
    return private(CallbackOut(open=promise.open, advice=AdviceOut(text=text, phone=promise.phone)), 202)
