"""The episodes of one process, each on an object of its own."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from .contract import NotFoundError, Session, Source
from .gold import Gold
from .rpc import Handlers, Told


def task_handlers(source: Source) -> Handlers:
    """What can be asked without a session."""

    async def count(params: dict[str, Any]) -> int:
        return await source.count(params["split"])

    async def rows(params: dict[str, Any]) -> list[dict[str, Any]]:
        return await source.rows(params["split"], params["start"], params["stop"])

    return {"count": count, "rows": rows}


class Sessions:
    """Episodes by id. Each takes one call at a time: the caller sees to it."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._open: dict[str, Session] = {}
        self._gold: dict[str, Gold] = {}

    def handlers(self) -> Handlers:
        return {
            "open": self.open,
            "call": self.call,
            "score_group": self.score_group,
            "close": self.close,
        }

    async def open(self, params: dict[str, Any]) -> dict[str, Any]:
        split, index, task = params.get("split"), params.get("index"), params.get("task")
        gold = Gold(await self._row(split, index, task))
        try:
            session = await self._source.open(split, index, task, params.get("secrets") or {}, params.get("seed") or 0)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            raise Told(error, gold) from error
        self._open[params["session"]] = session
        self._gold[params["session"]] = gold
        return {"messages": session.messages, "tools": session.tools, "shown_tools": session.shown_tools}

    async def call(self, params: dict[str, Any]) -> Any:
        session = self._session(params)
        try:
            return await session.call(params["name"], params["arguments"])
        except asyncio.CancelledError:
            raise
        except Exception as error:
            raise Told(error, self._gold[params["session"]]) from error

    async def score_group(self, params: dict[str, Any]) -> list[dict[str, Any]]:
        return await self._session(params).score_group(params["candidates"])

    async def close(self, params: dict[str, Any]) -> None:
        session = self._open.pop(params["session"], None)
        gold = self._gold.pop(params["session"], Gold(None))
        if session is None:
            return
        try:
            await session.close()
        except asyncio.CancelledError:
            raise
        except Exception as error:
            raise Told(error, gold) from error

    def _session(self, params: dict[str, Any]) -> Session:
        session = self._open.get(params["session"])
        if session is None:
            raise NotFoundError("There is no such session.")
        return session

    async def _row(self, split: Any, index: Any, task: Any) -> Any:
        """The task that is to be opened, for what must not be said when that fails; None where it cannot be had."""
        if task is not None:
            return task
        with contextlib.suppress(Exception):
            rows = await self._source.rows(split, index, index + 1)
            return rows[0] if rows else None
        return None
