"""What a test run does once, where a service does it whenever it is asked. A plugin of pytest."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import orjson
import pytest
from argon2 import PasswordHasher
from jinja2 import FileSystemBytecodeCache

import scheduler.services.clinic.apply as applying
from scheduler.domain.clinic import Clinic
from scheduler.messages import render
from scheduler.services.accounts import passwords
from scheduler.services.clinic import current
from scheduler.services.clinic.check import from_document, read
from scheduler.web.rendering import templates

CLINICS = 64
"""Clinic files that are remembered: most tests have the same few."""


@pytest.fixture(scope="session", autouse=True)
def _passwords_are_cheap() -> Iterator[None]:
    """What makes them dear is looked at in tests/services/accounts/test_passwords.py."""
    cheap = PasswordHasher(memory_cost=64, time_cost=1, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "HASHER", cheap)
        patch.setattr(passwords, "NOBODYS", cheap.hash("nobody's"))
        yield


@lru_cache(CLINICS)
def _clinic_of(document: bytes) -> Clinic:
    return from_document(orjson.loads(document))


def _recalled(document: Mapping[str, Any]) -> Clinic:
    return _clinic_of(orjson.dumps(document))


@pytest.fixture(scope="session", autouse=True)
def _clinic_files_are_read_once() -> Iterator[None]:
    """By those who apply them or have them in force; what reading finds is told by tests/services/clinic."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(applying, "read", lru_cache(CLINICS)(read))
        for module in (applying, current):
            patch.setattr(module, "from_document", _recalled)
        yield


@pytest.fixture(scope="session", autouse=True)
def _templates_are_compiled_once(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> None:
    """By one process of the test run, for all."""
    folder = tmp_path_factory.getbasetemp()
    if hasattr(request.config, "workerinput"):
        folder = folder.parent
    compiled = folder / "templates"
    compiled.mkdir(exist_ok=True)
    templates().bytecode_cache = render._ENVIRONMENT.bytecode_cache = FileSystemBytecodeCache(str(compiled))
