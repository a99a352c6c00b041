"""Requests that nobody thought of, made from the contract: every answer is one that the contract names."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation, BaseSchema
from schemathesis.specs.openapi.checks import positive_data_acceptance

from scheduler.app import create_app
from scheduler.bootstrap import bootstrap
from tests.api.principals import ALL_SCOPES, NOBODY, World
from tests.conftest import settings_for

Operation = APIOperation[Any, Any, Any, Any]

few = settings(
    max_examples=5,  # for each operation, caller and mode: a thousand requests in all
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


def ask(operation: Operation, mode: GenerationMode, headers: dict[str, str], ids: Mapping[str, str]) -> None:
    """A few requests of one kind; `ids` are those of things that there are."""

    @few
    @given(case=operation.as_strategy(generation_mode=mode))
    def asked(case: Case[Any]) -> None:
        case.path_parameters = {**case.path_parameters, **ids}
        # What fits the schema may still be something that the clinic does not offer; then it is 422.
        case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance])

    asked()


@pytest.mark.parametrize("principal", [NOBODY, "patient", ALL_SCOPES])
def test_requests_that_fit_get_answers_that_fit(world: World, promised: BaseSchema, principal: str) -> None:
    """About visits that there are, or all of it would end at ids that there are not."""
    for operation in operations(promised):
        visit = world.booked() if about_a_visit(operation) else world.mine
        ids = {"id": visit.id} if about_a_visit(operation) else {}
        ask(operation, GenerationMode.POSITIVE, world.headers(principal, visit), ids)


@pytest.mark.parametrize("principal", [NOBODY, "patient", ALL_SCOPES])
def test_requests_that_do_not_fit_are_refused(world: World, promised: BaseSchema, principal: str) -> None:
    for operation in filter(takes_input, operations(promised)):
        ask(operation, GenerationMode.NEGATIVE, world.headers(principal, world.mine), {})
