"""A door before a server: it passes everything on, or does what networks do when they are ill."""

import asyncio
import ssl
import threading
from collections.abc import Coroutine
from contextlib import suppress
from enum import StrEnum
from types import TracebackType
from typing import Self


class Mood(StrEnum):
    PASS = "pass"
    FREEZE = "freeze"
    """Takes connections and bytes, and passes nothing on: half-open, or hung."""
    REFUSE = "refuse"
    """Nobody listens."""
    RESET = "reset"
    """Hangs up on everybody, now and from now on."""
    DELAY = "delay"
    """Every piece takes a second longer."""


class Door:
    """A context manager; `mood` may be changed by `be` at any time, for connections that stand, too."""

    def __init__(self, port: int, *, tls: ssl.SSLContext | None = None, delay: float = 1.0) -> None:
        self._behind, self._tls, self._delay = port, tls, delay
        self._mood = Mood.PASS
        self._open: set[asyncio.StreamWriter] = set()
        self.port = 0

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thawed = asyncio.Event()
        self._thawed.set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="door", daemon=True)
        self._thread.start()
        self._do(self._listen())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.be(Mood.RESET)
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def be(self, mood: Mood) -> None:
        asyncio.run_coroutine_threadsafe(self._change(mood), self._loop).result(5)

    def _do(self, work: Coroutine[None, None, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(5)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._enter, "127.0.0.1", self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        self._server.close()
        await asyncio.sleep(0)
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)

    async def _change(self, mood: Mood) -> None:
        before, self._mood = self._mood, mood
        if mood is Mood.FREEZE:
            self._thawed.clear()
        else:
            self._thawed.set()
        if mood in (Mood.REFUSE, Mood.RESET):
            for each in list(self._open):
                each.transport.abort()
        if mood is Mood.REFUSE:
            self._server.close()
        elif before is Mood.REFUSE:
            await self._listen()

    async def _enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._mood is Mood.RESET:
            writer.transport.abort()
            return
        with suppress(OSError):
            await self._thawed.wait()
            inward, outward = await asyncio.open_connection("127.0.0.1", self._behind)
            self._open |= {writer, outward}
            await asyncio.gather(self._pass(reader, outward), self._pass(inward, writer))
        self._open -= {writer}

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await reader.read(65_536):
                await self._thawed.wait()
                if self._mood is Mood.DELAY:
                    await asyncio.sleep(self._delay)
                writer.write(piece)
                await writer.drain()
        self._open.discard(writer)
        with suppress(OSError):
            writer.close()
