"""A small process that outlives the bridge for a moment: when our side has gone, it ends whatever is left."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys


class Watchdog:
    """Knows the process groups that belong to a bridge. Started before anything is imported, so it is small."""

    def __init__(self, tell: int, pid: int) -> None:
        self._tell = tell
        self._pid = pid

    @classmethod
    def start(cls, *, parent: int, idle: list[int]) -> "Watchdog":
        """Forks it. `idle` are descriptors that it must not hold open."""
        heard, tell = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(tell)
            for fd in idle:
                os.close(fd)
            with contextlib.suppress(BaseException):
                _watch(heard, parent, os.getpgrp())
            os._exit(0)
        os.close(heard)
        return cls(tell, pid)

    def add(self, group: int) -> None:
        """One more process group to end. Called by the forked child itself."""
        self._say(f"+{group}\n")

    def remove(self, group: int) -> None:
        self._say(f"-{group}\n")

    def end(self) -> None:
        """Lets it go: the bridge ends by itself, in order. What it has started is ended all the same."""
        self._say("end\n")

    def _say(self, text: str) -> None:
        with contextlib.suppress(OSError):
            os.write(self._tell, text.encode())


def _watch(heard: int, parent: int, group: int) -> None:
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    groups: set[int] = set()
    bridge = os.getppid()
    while True:
        ready, _, _ = select.select([heard], [], [], 0.25)
        text = os.read(heard, 65536).decode() if ready else ""
        for line in text.splitlines():
            if line.startswith("+"):
                groups.add(int(line[1:]))
            elif line.startswith("-"):
                groups.discard(int(line[1:]))
        over = "end" in text.split() or (ready and text == "")
        # Whoever is orphaned gets another parent: so the bridge has gone, or whoever had started it.
        if over or os.getppid() != bridge or not _is_parent(bridge, parent):
            break
    for each in groups:
        with contextlib.suppress(OSError):
            os.killpg(each, signal.SIGKILL)
    with contextlib.suppress(OSError):
        os.killpg(group, signal.SIGKILL)


def _is_parent(bridge: int, parent: int) -> bool:
    """Whether the bridge still belongs to the process that started it."""
    if sys.platform != "linux":
        try:
            os.kill(parent, 0)
        except OSError:
            return False
        return True
    try:
        with open(f"/proc/{bridge}/stat", encoding="utf-8", errors="replace") as stat:
            return int(stat.read().rpartition(")")[2].split()[1]) == parent
    except OSError:
        return False
