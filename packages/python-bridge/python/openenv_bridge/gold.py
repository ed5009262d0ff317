"""Keeps what is the orchestrator's out of what an agent, or whoever reads logs, is told."""

from __future__ import annotations

import re
from typing import Any

from .lacking import text_of

WITHHELD = "its text repeats the task and is withheld"
_SHORTEST_PART = 8
_WORD = re.compile(r"\w")


class Gold:
    """The values of one task, apart from what the agent is shown of them.

    A value counts wherever it stands in the row: strings, the lines of long ones, and numbers of two digits or more.
    `shown` is what the agent reads anyway, its prompt: what stands there is no secret.
    """

    def __init__(self, row: Any, shown: str = "") -> None:
        values = {part for value in _leaves(row) for part in _parts(value)}
        self._patterns = {value: _pattern(value) for value in values if value not in shown}

    def repeats(self, text: str, said: Any = None) -> bool:
        """Whether a text holds a value of the task.

        `said` is what the agent itself sent: its own words coming back tell it nothing, and withholding them would tell
        it that they are right.
        """
        own = "\n".join(_leaves(said))
        return any(pattern.search(text) and value not in own for value, pattern in self._patterns.items())

    def error(self, error: BaseException, said: Any = None) -> str:
        """An exception as a sentence that may be read by anybody: its type, and its text where that repeats nothing."""
        name, text = type(error).__name__, text_of(error)
        if not text:
            return name
        return f"{name}: {WITHHELD}" if self.repeats(f"{text} {error!r}", said) else f"{name}: {text}"

    def without(self, value: Any) -> Any:
        """JSON without the members that repeat the task; None where nothing is left."""
        if isinstance(value, dict):
            kept = {key: self.without(item) for key, item in value.items() if not self.repeats(str(key))}
            return {key: item for key, item in kept.items() if item is not None or value[key] is None} or None
        if isinstance(value, (list, tuple)):
            items = [self.without(item) for item in value]
            return None if any(item is None and given is not None for item, given in zip(items, value)) else items
        if isinstance(value, bool) or value is None:
            return value
        return None if self.repeats(str(value)) else value


def _leaves(value: Any) -> list[str]:
    found: list[str] = []
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            pending.extend(item.values())
        elif isinstance(item, (list, tuple, set)):
            pending.extend(item)
        elif isinstance(item, str):
            found.append(item)
        elif isinstance(item, (int, float)) and not isinstance(item, bool) and len(str(item)) > 1:
            found.append(str(item))
    return found


def _parts(value: str) -> list[str]:
    """A value as it may be repeated: whole, as a literal, or a line of it."""
    whole = value.strip()
    lines = [line.strip() for line in value.splitlines() if len(line.strip()) >= _SHORTEST_PART]
    return [part for part in {whole, repr(whole)[1:-1], *lines} if _WORD.search(part)]


def _pattern(value: str) -> re.Pattern[str]:
    """The value where it stands for itself: not inside a longer word."""
    before = r"(?<!\w)" if _WORD.match(value[0]) else ""
    after = r"(?!\w)" if _WORD.match(value[-1]) else ""
    return re.compile(before + re.escape(value) + after)
