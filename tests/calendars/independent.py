"""Readers that share no line of code with the writer, each as a process of its own."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
NODE_MODULES = HERE.parent / "node_modules"

Reader = Callable[[list[bytes]], list[dict[str, Any]]]


class MissingReader(Exception):
    """This machine has not what it takes to read with."""


def ical_js(folder: Path) -> Reader:
    """Thunderbird's. Raises MissingReader."""
    node = shutil.which("node")
    if node is None:
        raise MissingReader("node is not on PATH")
    if not (NODE_MODULES / "ical.js").is_dir():
        raise MissingReader("no tests/node_modules; run `npm ci` in tests/")
    return _reader([node, str(HERE / "readers" / "instants.mjs")], folder)


def libical(folder: Path) -> Reader:
    """Evolution's and KDE's. Raises MissingReader."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise MissingReader("no C compiler on PATH")
    program = folder / "instants"
    source = HERE / "readers" / "instants.c"
    command = [compiler, str(source), "-o", str(program), "-lical"]
    if subprocess.run(command, capture_output=True, check=False, timeout=60).returncode:
        raise MissingReader("libical's headers; run `apt-get install libical-dev`")
    return _reader([str(program)], folder)


READERS = {"ical.js": ical_js, "libical": libical}


def _reader(command: list[str], folder: Path) -> Reader:
    """One process for all objects, however many."""

    def read(objects: list[bytes]) -> list[dict[str, Any]]:
        paths = [folder / f"{number:06}.ics" for number in range(len(objects))]
        for path, content in zip(paths, objects, strict=True):
            path.write_bytes(content)
        names = "".join(f"{path}\n" for path in paths)
        run = subprocess.run(
            command, input=names, capture_output=True, check=True, encoding="utf-8", timeout=300
        )
        return [json.loads(line) for line in run.stdout.splitlines()]

    return read
