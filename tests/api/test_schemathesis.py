"""Requests that nobody thought of, made from the contract: every answer is one that the contract names."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, note, settings
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation, BaseSchema
from schemathesis.specs.openapi.checks import positive_data_acceptance

from scheduler.app import create_app
from scheduler.bootstrap import bootstrap
from tests.api.principals import ALL_SCOPES, NOBODY, World
from tests.conftest import settings_for

Operation = APIOperation[Any, Any, Any, Any]

CALLERS = (NOBODY, "patient", ALL_SCOPES)

few = settings(
    max_examples=5,  # for each operation and mode, and each of three callers
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def world(own_database: str) -> Iterator[World]:
    run = bootstrap(settings_for(own_database, holds_at_once=10_000, holds_share=1))
    yield World(run, create_app(run).test_client())
    run.db.dispose()


@pytest.fixture(scope="module")
def promised(world: World) -> BaseSchema:
    """The contract without its `default`: what is answered has to be named."""
    contract = schemathesis.openapi.from_wsgi("/openapi.json", world.client.application)
    for path in contract.raw_schema["paths"].values():
        for operation in path.values():
            operation["responses"].pop("default", None)
    return contract


def operations(contract: BaseSchema) -> Iterator[Operation]:
    found = list(contract.get_all_operations())
    assert all(isinstance(each, Ok) for each in found)
    return (each.ok() for each in found if isinstance(each, Ok))


def about_a_visit(operation: Operation) -> bool:
    return operation.path.startswith("/v1/visits/{id}")


def takes_input(operation: Operation) -> bool:
    """Whether something can be wrong with a request besides an id."""
    return bool(list(operation.body) or list(operation.query))


def varies(operation: Operation) -> bool:
    """Whether requests that fit differ in more than an id."""
    return takes_input(operation) or bool(list(operation.headers))


Ask = tuple[dict[str, str], Mapping[str, str]]
"""Headers, and ids of things that there are."""


def ask(operation: Operation, mode: GenerationMode, callers: Mapping[str, Ask]) -> None:
    """A few requests of one kind, each made by everybody: to think of one takes longer than to ask."""

    @(few if varies(operation) else settings(few, max_examples=1))
    @given(case=operation.as_strategy(generation_mode=mode))
    def asked(case: Case[Any]) -> None:
        thought_of = case.path_parameters
        for principal, (headers, ids) in callers.items():
            case.path_parameters = {**thought_of, **ids}
            note(f"asked by {principal}")
            # What fits the schema may still be something that the clinic does not offer; then it is 422.
            case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance])

    asked()


def test_requests_that_fit_get_answers_that_fit(world: World, promised: BaseSchema) -> None:
    """About visits that there are, or all of it would end at ids that there are not."""

    def caller(principal: str, operation: Operation) -> Ask:
        visit = world.booked() if about_a_visit(operation) else world.mine
        return world.headers(principal, visit), {"id": visit.id} if about_a_visit(operation) else {}

    for operation in operations(promised):
        ask(operation, GenerationMode.POSITIVE, {each: caller(each, operation) for each in CALLERS})


def test_requests_that_do_not_fit_are_refused(world: World, promised: BaseSchema) -> None:
    callers: dict[str, Ask] = {each: (world.headers(each, world.mine), {}) for each in CALLERS}
    for operation in filter(takes_input, operations(promised)):
        ask(operation, GenerationMode.NEGATIVE, callers)
