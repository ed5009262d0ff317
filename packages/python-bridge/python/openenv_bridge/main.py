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

from .adapters import adapter_of
from .contract import EntryPoint, Source
from .modules import make_importable
from .rpc import Connection, ProtocolError, Request
from .sessions import Sessions, task_handlers
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
        _bridge(loop, incoming, outgoing, watchdog)
        code = 0
    except ProtocolError as error:
        sys.stderr.write(f"The bridge ends: it was sent {error}.\n")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        watchdog.end()
        # Not sys.exit: libraries leave exit hooks behind that start loops, and threads that never end.
        os._exit(code)


def _bridge(loop: asyncio.AbstractEventLoop, incoming: int, outgoing: int, watchdog: Watchdog) -> None:
    connection = loop.run_until_complete(Connection.over_pipes(incoming, outgoing))
    first = loop.run_until_complete(connection.next_request())
    if first is None:
        return
    source = _load(loop, connection, first)
    if source is None:
        return
    if first.params.get("sessions") == "process":
        from .forked import fork_sessions

        idle = [incoming, outgoing]
        serving = fork_sessions(loop, connection, source, socket=first.params["socket"], watchdog=watchdog, idle=idle)
    else:
        serving = _serve(connection, source)
    loop.run_until_complete(serving)


def _load(loop: asyncio.AbstractEventLoop, connection: Connection, request: Request) -> Source | None:
    """Loads the source and answers the request for it; None where that failed."""
    entry = EntryPoint(**request.params["entry"])
    source: Source | None = None
    failure: BaseException | None = None
    try:
        make_importable(entry.paths, as_script=entry.kind == "ors")
        source = adapter_of(entry)
        # The loop stands still meanwhile, so that the source may run one itself.
        source.prepare()
    except BaseException as error:
        failure = error
    finally:
        # `asyncio.run` leaves none behind.
        asyncio.set_event_loop(loop)

    async def described() -> dict[str, Any]:
        if failure is not None or source is None:
            raise failure or RuntimeError("There is no source.")
        description = await source.load()
        _contain()
        return {"description": description, "python": sys.version.split()[0], "threads": threading.active_count()}

    return source if loop.run_until_complete(connection.answer(request, described())) else None


async def _serve(connection: Connection, source: Source) -> None:
    await connection.serve(task_handlers(source) | Sessions(source).handlers())
    await source.close()


def _contain() -> None:
    """Takes back what a source does to signals. Threads that it started stay: they are its own business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
