"""The bridge process: loads a source in its main thread, and answers JSON-RPC on pipes of its own.

Its arguments are two file descriptors, one to read requests from and one to write answers to; standard output and error are
the source's to print on. It ends, with everything that it has started, when the first of them is closed.
"""

from __future__ import annotations

import asyncio
import os
import selectors
import signal
import sys
import threading
from typing import Any

from .contract import EntryPoint, Source, adapter_of
from .rpc import Connection, Handlers
from .sessions import Sessions
from .watchdog import Watchdog


def main() -> None:
    incoming, outgoing = (int(each) for each in sys.argv[1:3])
    for fd in (incoming, outgoing):
        os.set_inheritable(fd, False)
    watchdog = Watchdog.start(parent=os.getppid(), idle=[incoming, outgoing])
    # Its selector lives in this process alone: one of the kernel's would be shared with forked children.
    loop = asyncio.SelectorEventLoop(selectors.PollSelector())
    asyncio.set_event_loop(loop)
    code = 1
    try:
        loop.run_until_complete(_serve(loop, incoming, outgoing, watchdog))
        code = 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        watchdog.end()
        # Not sys.exit: libraries leave exit hooks behind that start loops, and threads that never end.
        os._exit(code)


async def _serve(loop: asyncio.AbstractEventLoop, incoming: int, outgoing: int, watchdog: Watchdog) -> None:
    connection = await Connection.over_pipes(incoming, outgoing)
    first = await connection.next_request()
    if first is None:
        return
    entry = EntryPoint(**first.params["entry"])
    # In front of what is installed, in the order given; for what the source starts as well, tool servers for one.
    sys.path[:0] = entry.paths
    inherited = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([*entry.paths, *([inherited] if inherited else [])])
    source: Source | None = None

    async def load() -> dict[str, Any]:
        nonlocal source
        source = adapter_of(entry)
        described = await source.load()
        _contain()
        return {"description": described, "python": sys.version.split()[0], "threads": threading.active_count()}

    if not await connection.answer(first, load()) or source is None:
        return
    if first.params.get("sessions") == "process":
        from .forked import fork_sessions

        idle = [incoming, outgoing]
        await fork_sessions(loop, connection, source, socket=first.params["socket"], watchdog=watchdog, idle=idle)
        return
    await connection.serve(task_handlers(source) | Sessions(source).handlers())
    await source.close()


def task_handlers(source: Source) -> Handlers:
    """What can be asked without a session."""

    async def count(params: dict[str, Any]) -> int:
        return await source.count(params["split"])

    async def rows(params: dict[str, Any]) -> list[dict[str, Any]]:
        return await source.rows(params["split"], params["start"], params["stop"])

    return {"count": count, "rows": rows}


def _contain() -> None:
    """Takes back what a source does to signals. Threads that it started stay: they are its own business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
