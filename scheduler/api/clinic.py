"""The clinic as the public may know it."""

from apiflask import APIBlueprint

from scheduler.api.languages import language
from scheduler.api.particulars import consent_json
from scheduler.api.runtime import runtime
from scheduler.api.schemas.clinic import (
    ClinicOut,
    ConsentOut,
    LocationOut,
    LocationsOut,
    ModeOut,
    NeedOut,
    PractitionerOut,
    PractitionersOut,
    VisitTypeOut,
    VisitTypesOut,
)
from scheduler.domain.clinic import Clinic, Need, Practitioner, Texts, VisitType
from scheduler.domain.gate import is_asked

blueprint = APIBlueprint("clinic", __name__, url_prefix="/v1", tag="Clinic")


def in_force() -> Clinic:
    """The clinic of this moment."""
    run = runtime()
    with run.db.single() as connection:
        return run.desk.clinics.moment(connection).clinic


def said(texts: Texts, clinic: Clinic) -> str:
    """A text in the caller's language, else in the clinic's first."""
    return texts.get(language()) or texts[clinic.languages[0]]


@blueprint.get("/clinic")
@blueprint.output(ClinicOut)
def show_clinic() -> ClinicOut:
    """The clinic"""
    clinic = in_force()
    return ClinicOut(
        name=clinic.name,
        phone=clinic.phone,
        timezone=clinic.timezone.key,
        languages=list(clinic.languages),
        emergency=said(clinic.emergency, clinic),
        links=dict(clinic.links),
        consents=[ConsentOut(**consent_json(each)) for each in clinic.consents],
        needs=[_need(each, clinic) for each in clinic.needs],
    )


def _need(need: Need, clinic: Clinic) -> NeedOut:
    return NeedOut(
        code=need.code,
        label=said(need.label, clinic),
        extra_minutes=need.extra_minutes,
        modes=sorted(need.modes),
    )


@blueprint.get("/visit-types")
@blueprint.output(VisitTypesOut)
def list_visit_types() -> VisitTypesOut:
    """What can be booked"""
    clinic = in_force()
    return VisitTypesOut(items=[_visit_type(each, clinic) for each in clinic.visit_types])


def _visit_type(kind: VisitType, clinic: Clinic) -> VisitTypeOut:
    return VisitTypeOut(
        code=kind.code,
        label=said(kind.label, clinic),
        description=said(kind.description, clinic),
        minutes=kind.minutes,
        modes=[ModeOut(mode=mode, approval=approval) for mode, approval in kind.modes.items()],
        new_patients=kind.new_patients,
        triage=is_asked(clinic, kind),
    )


@blueprint.get("/practitioners")
@blueprint.output(PractitionersOut)
def list_practitioners() -> PractitionersOut:
    """Who gives visits"""
    clinic = in_force()
    return PractitionersOut(items=[_practitioner(each, clinic) for each in clinic.practitioners])


def _practitioner(who: Practitioner, clinic: Clinic) -> PractitionerOut:
    return PractitionerOut(
        code=who.code,
        name=who.name,
        timezone=who.timezone.key,
        visit_types=[kind.code for kind in clinic.visit_types if kind.given_by(who)],
        locations=sorted({hours.location for hours in who.hours if hours.location}),
    )


@blueprint.get("/locations")
@blueprint.output(LocationsOut)
def list_locations() -> LocationsOut:
    """Where visits take place"""
    return LocationsOut(
        items=[
            LocationOut(
                code=place.code,
                name=place.name,
                address=place.address,
                timezone=place.timezone.key,
                phone=place.phone,
            )
            for place in in_force().locations
        ]
    )
