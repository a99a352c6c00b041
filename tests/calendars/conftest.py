"""Readers that share no line of code with the writer, each as a process of its own."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
NODE_MODULES = HERE.parent / "node_modules"

Reader = Callable[[list[bytes]], list[dict[str, Any]]]


def lacking(what: str) -> None:
    pytest.skip(f"INDEPENDENT READER MISSING, invites unchecked: {what}")


def reader(command: list[str], folder: Path) -> Reader:
    """One process for all invites."""

    def read(invites: list[bytes]) -> list[dict[str, Any]]:
        paths = [folder / f"{number:04}.ics" for number in range(len(invites))]
        for path, content in zip(paths, invites, strict=True):
            path.write_bytes(content)
        run = subprocess.run(
            [*command, *map(str, paths)], capture_output=True, check=True, encoding="utf-8", timeout=60
        )
        return [json.loads(line) for line in run.stdout.splitlines()]

    return read


@pytest.fixture(scope="session")
def ical_js(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    node = shutil.which("node")
    if node is None:
        lacking("node is not on PATH")
    if not (NODE_MODULES / "ical.js").is_dir():
        lacking("no tests/node_modules; run `npm ci` in tests/")
    return reader([str(node), str(HERE / "readers" / "instants.mjs")], tmp_path_factory.mktemp("node"))


@pytest.fixture(scope="session")
def libical(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        lacking("no C compiler on PATH")
    folder = tmp_path_factory.mktemp("libical")
    program = folder / "instants"
    source = HERE / "readers" / "instants.c"
    built = subprocess.run(
        [str(compiler), str(source), "-o", str(program), "-lical"],
        capture_output=True,
        check=False,
        timeout=60,
    )
    if built.returncode:
        lacking("libical's headers; run `apt-get install libical-dev`")
    return reader([str(program)], folder)


@pytest.fixture(
    params=[
        pytest.param("ical_js", marks=pytest.mark.node),
        pytest.param("libical", marks=pytest.mark.libical),
    ]
)
def independent(request: pytest.FixtureRequest) -> Reader:
    read: Reader = request.getfixturevalue(request.param)
    return read
