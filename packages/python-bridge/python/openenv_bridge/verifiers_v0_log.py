"""What classic verifiers logs of reward functions that raise: it counts 0 for them and says so nowhere else."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import re
import sys

_RAISED = re.compile(r"Error calling (?:group )?reward function (?P<name>\S+?):")


class Raised:
    """A reward function that raised: the library logs it and counts 0."""

    def __init__(self, name: str, error: BaseException | None) -> None:
        self.name = name
        self.type = type(error).__name__ if error is not None else "an exception"
        self.foreign = error is not None and any(_is_foreign(each) for each in _chain(error))


raised_here: contextvars.ContextVar[list[Raised] | None] = contextvars.ContextVar("raised", default=None)


class ScoringLog(logging.Handler):
    """Hears what the library says of reward functions that raise, and tells the rollout in whose context it was said."""

    @classmethod
    def install(cls) -> None:
        for name in ("verifiers", "verifiers.legacy"):
            logger = logging.getLogger(name)
            if not any(isinstance(each, cls) for each in logger.handlers):
                logger.addHandler(cls())

    def emit(self, record: logging.LogRecord) -> None:
        raised = raised_here.get()
        said = _RAISED.match(record.getMessage())
        if raised is None or said is None or getattr(record, "heard_by_bridge", False):
            return
        # The handler of a logger further up hears it too.
        record.heard_by_bridge = True
        raised.append(Raised(said["name"], sys.exc_info()[1]))


def _chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in found:
        found.append(current)
        current = current.__cause__ or current.__context__
    return found


def _is_foreign(error: BaseException) -> bool:
    """Whether an exception comes from out there: a judge, a network, a deadline."""
    if isinstance(error, (ConnectionError, TimeoutError, asyncio.TimeoutError)):
        return True
    library = type(error).__module__.split(".", 1)[0]
    if library in ("openai", "anthropic", "httpx", "aiohttp", "requests", "urllib3", "httpcore"):
        return True
    return isinstance(error, RuntimeError) and str(error).startswith(("Judge model", "Unexpected error when calling judge model"))
