"""A process for each session: forked from this one, where the source is loaded, and spoken to on a socket of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from typing import Any

from .contract import Source
from .rpc import Connection, Handlers
from .sessions import Sessions, task_handlers
from .watchdog import Watchdog


async def fork_sessions(
    loop: asyncio.AbstractEventLoop,
    connection: Connection,
    source: Source,
    *,
    socket: str,
    watchdog: Watchdog,
    idle: list[int],
) -> None:
    """Answers `fork` with a new process that connects to `socket` and says its key. Tells when one has ended.

    `idle` are descriptors that children must not hold open.
    """
    children: set[int] = set()

    async def fork(params: dict[str, Any]) -> int:
        pid = os.fork()
        if pid == 0:
            for fd in idle:
                os.close(fd)
            _live(loop, source, socket, params["key"], watchdog)
        children.add(pid)
        return pid

    async def reap() -> None:
        while True:
            await asyncio.sleep(0.05)
            for pid in list(children):
                ended, status = os.waitpid(pid, os.WNOHANG)
                if ended == 0:
                    continue
                children.discard(pid)
                # What it has started ends with it.
                with contextlib.suppress(OSError):
                    os.killpg(pid, signal.SIGKILL)
                watchdog.remove(pid)
                await connection.notify("exited", {"pid": pid, "status": os.waitstatus_to_exitcode(status)})

    reaper = asyncio.ensure_future(reap())
    handlers: Handlers = {**task_handlers(source), "fork": fork}
    await connection.serve(handlers)
    reaper.cancel()
    await source.close()


def _live(loop: asyncio.AbstractEventLoop, source: Source, socket: str, key: str, watchdog: Watchdog) -> None:
    """The whole life of a child; never returns."""
    code = 1
    try:
        os.setpgid(0, 0)
        watchdog.add(os.getpid())
        _begin_anew(loop)
        loop.run_until_complete(_serve(source, socket, key))
        code = 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(code)


def _begin_anew(loop: Any) -> None:
    """Makes the loop this process's own: what was scheduled on it was the parent's, and so were its threads and its signals' pipe."""
    task = asyncio.current_task(loop)
    if task is not None:
        asyncio.tasks._leave_task(loop, task)
    asyncio._set_running_loop(None)
    loop._thread_id = None
    loop._ready.clear()
    loop._scheduled.clear()
    loop._default_executor = None
    for key in list(loop._selector.get_map().values()):
        loop._selector.unregister(key.fileobj)
    for fd in (loop._ssock, loop._csock):
        fd.close()
    loop._internal_fds -= 1
    loop._make_self_pipe()


async def _serve(source: Source, socket: str, key: str) -> None:
    connection = await Connection.over_socket(socket)
    await connection.notify("session", {"key": key, "pid": os.getpid()})
    await connection.serve(Sessions(source).handlers())
