"""JSON-RPC 2.0, one message a line, over a pair of streams."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import math
import os
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

from .contract import NotFoundError, ScoringError, SourceError
from .gold import Gold
from .lacking import lacking, members_of, tidy

Handler = Callable[[dict[str, Any]], Awaitable[Any]]
Handlers = dict[str, Handler]

_MOST_LINE = 256 * 1024 * 1024
_MOST_FRAMES = 30


@dataclasses.dataclass(frozen=True)
class Request:
    id: int | None
    method: str
    params: dict[str, Any]


class ProtocolError(Exception):
    """What came is no request. Nothing that follows is believed either, so the process ends."""


def _request(line: bytes, running: dict[int, Any]) -> Request:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        raise ProtocolError("a line that is not JSON") from None
    if not isinstance(message, dict):
        raise ProtocolError("something that is no request")
    id, method, params = message.get("id"), message.get("method"), message.get("params") or {}
    if not (isinstance(method, str) and isinstance(params, dict) and (id is None or type(id) is int)):
        raise ProtocolError("something that is no request")
    if id in running:
        raise ProtocolError(f"a second request with the number {id}")
    return Request(id, method, params)


class Connection:
    """One side of a conversation. Requests run at the same time; answers are written whole, one after another."""

    def __init__(self, reader: asyncio.StreamReader, write: Callable[[bytes], Awaitable[None]]) -> None:
        self._reader, self._write = reader, write
        self._running: dict[int, asyncio.Future[Any]] = {}

    @classmethod
    async def over_pipes(cls, incoming: int, outgoing: int) -> "Connection":
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=_MOST_LINE)
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(incoming, "rb", buffering=0))

        async def write(line: bytes) -> None:
            left = memoryview(line)
            while left:
                left = left[os.write(outgoing, left) :]

        return cls(reader, write)

    @classmethod
    async def over_socket(cls, path: str) -> "Connection":
        reader, writer = await asyncio.open_unix_connection(path, limit=_MOST_LINE)

        async def write(line: bytes) -> None:
            writer.write(line)
            await writer.drain()

        return cls(reader, write)

    async def next_request(self) -> Request | None:
        """The next request; None when the other side has gone. Raises ProtocolError for anything else."""
        try:
            line = await self._reader.readline()
        except ValueError:
            raise ProtocolError(f"a line of more than {_MOST_LINE} bytes") from None
        if not line:
            return None
        return _request(line, self._running)

    async def serve(self, handlers: Handlers) -> None:
        """Answers until the other side has gone, or asks for the end."""
        while (request := await self.next_request()) is not None:
            if request.method == "shutdown":
                await self.reply(request, None)
                break
            if request.method == "cancel":
                running = self._running.get(request.params.get("id"))
                if running is not None:
                    running.cancel()
                await self.reply(request, running is not None)
                continue
            handler = handlers.get(request.method)
            if handler is None:
                await self.fail(request, -32601, f"There is no method {request.method!r}.")
                continue
            work = asyncio.ensure_future(self.answer(request, handler(request.params)))
            if request.id is not None:
                self._running[request.id] = work
                work.add_done_callback(lambda _, id=request.id: self._running.pop(id, None))
        for work in list(self._running.values()):
            work.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def answer(self, request: Request, work: Awaitable[Any]) -> bool:
        """Waits for the work and sends what came of it; says whether it went well."""
        try:
            result = await work
        except asyncio.CancelledError:
            await self.fail(request, -32000, "Cancelled.", {"kind": "cancelled"})
            return False
        except BaseException as error:
            if isinstance(error, (KeyboardInterrupt, GeneratorExit)):
                raise
            message, data = described(error)
            await self.fail(request, -32000, message, data)
            return False
        await self.reply(request, result)
        return True

    async def reply(self, request: Request, result: Any) -> None:
        if request.id is not None:
            await self._write(_line({"jsonrpc": "2.0", "id": request.id, "result": result}))

    async def fail(self, request: Request, code: int, message: str, data: Any = None) -> None:
        if request.id is not None:
            await self._write(_line({"jsonrpc": "2.0", "id": request.id, "error": {"code": code, "message": message, "data": data}}))

    async def notify(self, method: str, params: Any) -> None:
        await self._write(_line({"jsonrpc": "2.0", "method": method, "params": params}))


class Told(Exception):
    """An exception of the source with what may be said of it: its task's values are not."""

    def __init__(self, error: BaseException, gold: Gold) -> None:
        super().__init__(str(error))
        self.error, self.gold = error, gold


def described(error: BaseException) -> tuple[str, dict[str, Any]]:
    """A message and data for an exception: its kind, its type, where it was raised, and what the source lacks."""
    gold = Gold(None)
    if isinstance(error, Told):
        error, gold = error.error, error.gold
    kinds = {NotFoundError: "not_found", ScoringError: "scoring", SourceError: "source", NotImplementedError: "unsupported"}
    kind = next((name for type_, name in kinds.items() if isinstance(error, type_)), "raised")
    safe = gold.error(error)
    message = safe.partition(": ")[2] or safe if kind in ("not_found", "scoring", "source") else safe
    missing = lacking(error) if kind == "raised" else {}
    return tidy(message), {"kind": kind, "type": type(error).__name__, "traceback": _traceback(error, gold), "lacking": missing}


def _traceback(error: BaseException, gold: Gold) -> str:
    """As Python prints it, each exception with its text only where that repeats nothing of the task."""
    parts: list[str] = []
    current: BaseException | None = error
    seen: set[int] = set()
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        frames = "".join(traceback.format_tb(current.__traceback__)[-_MOST_FRAMES:])
        parts.append(f"Traceback (most recent call last):\n{frames}{gold.error(current)}")
        # Of a group the first member: where that was raised is what helps.
        members = members_of(current)
        current = members[0] if members else current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "\n\nThe above exception was the cause of:\n\n".join(reversed(parts))


def _line(message: dict[str, Any]) -> bytes:
    try:
        text = json.dumps(message, ensure_ascii=False, allow_nan=False, default=_plain)
    except ValueError:
        text = json.dumps(_finite(message), ensure_ascii=False, allow_nan=False, default=str)
    # A lone surrogate, which Python's strings may hold, is no UTF-8.
    return text.encode("utf-8", errors="replace") + b"\n"


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return str(value)


def _finite(value: Any) -> Any:
    """The same with null for numbers that JSON has not."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = dataclasses.asdict(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return value
