"""Our texts, held against Twilio's own description of its API by a server that others wrote."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import pytest
import requests

from scheduler.channels.outcome import Verdict
from scheduler.channels.sms.endpoint import TwilioAccount
from scheduler.channels.sms.text import Text
from scheduler.channels.sms.twilio import TwilioChannel
from scheduler.embedded.sockets import free_port

pytestmark = pytest.mark.node

NODE_MODULES = Path(__file__).parent / "node_modules"
PRISM = NODE_MODULES / "@stoplight" / "prism-cli" / "dist" / "index.js"
DESCRIPTION = NODE_MODULES / "@twilio/cli-core/src/services/twilio-api/twilio_api_v2010.json"
MESSAGES = "/2010-04-01/Accounts/{AccountSid}/Messages.json"
FORM = "application/x-www-form-urlencoded"
ACCOUNT = f"AC{'0' * 32}"
START_WITHIN = 60
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
TEXT = Text("m1", "+14095550123", "Example Clinic: confirmed", NOW, 90_000, timestamp=1_764_590_400)


def lacking(what: str) -> NoReturn:
    pytest.skip(what)


def description() -> dict[str, Any]:
    """Of messages alone, which a server reads in no time; with what Twilio says only in words."""
    spec: dict[str, Any] = json.loads(DESCRIPTION.read_text(encoding="utf-8"))
    messages = spec["paths"][MESSAGES]
    spec["paths"] = {MESSAGES: messages}
    form = messages["post"]["requestBody"]["content"][FORM]["schema"]["properties"]
    form["To"]["pattern"] = r"^\+[1-9]\d{1,14}$"
    form["Body"]["maxLength"] = 1_600
    # Its own example of a list breaks its own formats.
    messages["get"]["responses"]["200"]["content"]["application/json"].pop("schema")
    return spec


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Host and port of a server that takes what the description allows, and refuses the rest."""
    node = shutil.which("node")
    if node is None:
        lacking("node is not on PATH")
    if not PRISM.is_file() or not DESCRIPTION.is_file():
        lacking("no tests/contracts/node_modules; run `npm ci` in tests/contracts/")
    file, port = tmp_path_factory.mktemp("twilio") / "twilio.json", free_port()
    file.write_text(json.dumps(description()), encoding="utf-8")
    command = [node, str(PRISM), "mock", "--errors", "--host", "127.0.0.1", "--port", str(port), str(file)]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=quiet, stderr=quiet, start_new_session=True)
    try:
        wait_for(f"http://127.0.0.1:{port}", process)
        yield f"127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=10)


def wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    patience = time.monotonic() + START_WITHIN
    while time.monotonic() < patience and process.poll() is None:
        try:
            requests.get(address, timeout=5)
            return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise AssertionError("the server did not start")


def channel(server: str, sender: str = "+14095550100") -> TwilioChannel:
    account = TwilioAccount.parse(f"twilio+http://{ACCOUNT}:secret@{server}/{sender}")
    return TwilioChannel(account, "https://visits.example/v1/inbound/twilio/status", deadline=30)


def passes() -> bool:
    return True


@pytest.mark.parametrize("sender", ["+14095550100", f"MG{'0' * 32}"])
def test_our_texts_are_as_twilio_wants_them(server: str, sender: str) -> None:
    outcome = channel(server, sender).deliver(TEXT, passes)
    assert (outcome.verdict, outcome.code) == (Verdict.SENT, "201")
    assert outcome.reference.startswith("SM")


@pytest.mark.parametrize(
    "wrong", [replace(TEXT, to="4095550123"), replace(TEXT, to=""), replace(TEXT, body="x" * 1_601)]
)
def test_the_server_refuses_what_twilio_would_refuse(server: str, wrong: Text) -> None:
    """Else that it takes ours would say nothing."""
    outcome = channel(server).deliver(wrong, passes)
    assert (outcome.verdict, outcome.code) == (Verdict.REFUSED, "422")


def test_who_says_no_name_is_refused(server: str) -> None:
    address = f"http://{server}{MESSAGES.format(AccountSid=ACCOUNT)}"
    form = {"To": TEXT.to, "From": "+14095550100", "Body": "x"}
    assert requests.post(address, data=form, timeout=30).status_code == 401


def test_we_ask_after_a_text_as_twilio_wants_to_be_asked(server: str) -> None:
    outcome = channel(server).look_up(TEXT)
    assert (outcome.verdict, outcome.code) == (Verdict.UNKNOWN, "200"), "its example is another text"
