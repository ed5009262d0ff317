"""Environments of Open Reward Standard: classes of `ors-sdk` and of `openreward`, driven as their own servers do."""

from __future__ import annotations

import ast
import asyncio
import inspect
import json
import math
import os
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from .contract import Description, EntryPoint, Failure, Message, NotFoundError, Outcome, SourceError, Split, Tool
from .gold import Gold
from .modules import entry_attribute

_RESERVED = ("observe", "reset", "step", "state", "close")
_INVALID = "Tool input validation error"
_SPLIT_TYPES = ("train", "validation", "test")


class OrsSource:
    """An environment class."""

    def __init__(self, entry: EntryPoint) -> None:
        self._entry = entry

    def prepare(self) -> None:
        # It would ask the package index for a newer version, in the background.
        os.environ["OPENREWARD_DISABLE_UPDATE_CHECK"] = "1"
        found = entry_attribute(self._entry.module, self._entry.attribute, self._entry.paths)
        if not (isinstance(found, type) and callable(getattr(found, "_call_tool", None))):
            raise SourceError(f"{self._entry.module}.{self._entry.attribute} is no environment class.")
        if inspect.isabstract(found):
            missing = ", ".join(sorted(found.__abstractmethods__))
            raise SourceError(f"{self._entry.attribute} is a base class: it lacks {missing}.")
        self._class: Any = found
        self._newer = hasattr(found, "get_messages")

    async def load(self) -> Description:
        self._splits = [_split_of(each) for each in await self._author(self._class.list_splits)]
        if not self._splits:
            raise SourceError(f"{self._entry.attribute} lists no splits.")
        listed = self._class.list_tools()
        self._names = {tool.name: _offered_name(tool.name) for tool in listed.tools}
        tools = [_tool_of(tool, self._names) for tool in listed.tools]
        terminal = getattr(listed, "terminal_tool", None)
        if terminal is not None:
            self._names[terminal.name] = _offered_name(terminal.name)
            tools.append(_terminal_of(terminal, self._names))
        notes = [
            f"The tool {name} is offered as {offered}, since {name} is a call of the orchestrator's; its description names both."
            for name, offered in self._names.items()
            if name != offered
        ]
        group = bool(getattr(listed, "supports_score_group", False))
        return Description(library=self._library(), splits=self._splits, tools=tools, group_scoring=group, notes=notes)

    async def count(self, split: str) -> int:
        self._require(split)
        return int(await self._class.num_tasks(split))

    async def rows(self, split: str, start: int, stop: int) -> list[dict[str, Any]]:
        total = await self.count(split)
        first, last = max(0, min(start, total)), max(0, min(stop, total))
        if first >= last:
            return []
        return [_json(row) for row in await self._class.get_task_range(split, first, last)]

    async def open(
        self, split: str | None, index: int | None, task: dict[str, Any] | None, secrets: dict[str, str], seed: int
    ) -> "OrsSession":
        row = task if task is not None else await self._at(split or self._splits[0].name, index or 0)
        session = OrsSession(self._class, row, self._names, self._author)
        await session.start(secrets)
        return session

    async def close(self) -> None:
        return None

    def _require(self, split: str) -> None:
        names = [each.name for each in self._splits]
        if split not in names:
            raise NotFoundError(f"There is no split {split!r}: there are {', '.join(names)}.")

    async def _at(self, split: str, index: int) -> Any:
        total = await self.count(split)
        if not 0 <= index < total:
            raise NotFoundError(f"{split} has {total} tasks.")
        return await self._class.get_task(split, index)

    async def _author(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Calls what the author wrote as the library's server does: plain functions in a thread where the newer one would."""
        if inspect.iscoroutinefunction(function):
            return await function(*args, **kwargs)
        if self._newer and not (inspect.ismethod(function) and inspect.isclass(function.__self__)):
            result = await asyncio.to_thread(function, *args, **kwargs)
        else:
            result = function(*args, **kwargs)
        return await result if inspect.isawaitable(result) else result

    def _library(self) -> str:
        for package in ("openreward", "ors-sdk") if self._newer else ("ors-sdk", "openreward"):
            try:
                return f"{package} {version(package)}"
            except PackageNotFoundError:
                continue
        return "an unknown library"


class OrsSession:
    """One instance on one task."""

    def __init__(self, environment: Any, row: Any, names: dict[str, str], author: Callable[..., Any]) -> None:
        self._class, self._row, self._author = environment, row, author
        self._names = dict(names)
        self._instance: Any = None
        self._finished = False
        self._gold = Gold(row)
        self.messages: list[Message] = []
        self.tools: list[Tool] = []
        self.shown_tools: list[dict[str, Any]] = []

    async def start(self, secrets: dict[str, str]) -> None:
        # A copy: what one session does to its task is not its neighbors' business.
        row = _json(self._row)
        self._instance = await self._author(self._class, task_spec=row, secrets=secrets)
        try:
            await self._author(self._instance.setup)
            self.messages = await self._opening()
            self.tools = await self._listed()
        except BaseException:
            await self.close()
            raise
        self._gold = Gold(self._row, "\n".join(_texts(self.messages)))

    async def call(self, name: str, arguments: dict[str, Any]) -> Outcome:
        if self._finished:
            # Not every version of the library refuses calls after the end, and some would be rewarded again.
            return Outcome(failure=Failure("execution_error", "The episode is over."), finished=True)
        original = next((known for known, offered in self._names.items() if offered == name), name)
        try:
            answer = (await self._instance._call_tool(original, arguments)).root
        except Exception as error:
            return Outcome(failure=Failure("execution_error", self._gold.error(error, arguments)))
        if not answer.ok:
            return Outcome(failure=self._failure(name, original, answer, arguments))
        output = answer.output
        self._finished = bool(output.finished)
        metadata = None if output.metadata is None else self._gold.without(_json(output.metadata))
        return Outcome(
            content=[_block(each) for each in output.blocks],
            data=None if metadata is None else {"metadata": metadata},
            reward=_reward(output.reward),
            finished=self._finished,
        )

    async def score_group(self, candidates: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if not getattr(self._class, "_supports_score_group", lambda: False)():
            raise NotImplementedError
        from openreward.environments.types import GroupCandidate

        scores = await self._author(self._instance.score_group, [GroupCandidate(**each) for each in candidates])
        return [
            {"reward": float(each), "metadata": None}
            if isinstance(each, (int, float))
            else {"reward": float(each.reward), "metadata": each.metadata}
            for each in scores
        ]

    async def close(self) -> None:
        if self._instance is not None:
            await self._author(self._instance.teardown)

    async def _opening(self) -> list[Message]:
        instance = self._instance
        if hasattr(instance, "get_messages"):
            return [_message(each) for each in await self._author(instance.get_messages)]
        return [Message("user", [_block(each) for each in await self._author(instance.get_prompt)])]

    async def _listed(self) -> list[Tool]:
        listed, own = self._class.list_tools(), await self._author(self._instance.list_task_tools)
        for tool in own.tools:
            self._names.setdefault(tool.name, _offered_name(tool.name))
        tools = [_tool_of(tool, self._names) for tool in [*listed.tools, *own.tools]]
        terminal = getattr(listed, "terminal_tool", None)
        return [*tools, _terminal_of(terminal, self._names)] if terminal is not None else tools

    def _failure(self, name: str, original: str, answer: Any, arguments: dict[str, Any]) -> Failure:
        text = str(answer.error).replace(repr(original), repr(name))
        reason = getattr(answer, "reason", None)
        if reason == "not_found" or text.endswith("is not a valid tool"):
            return Failure("tool_not_found", f"There is no tool {name!r}.")
        if reason == "input_validation" or text.startswith(_INVALID):
            said = _readable(text)
            return Failure("invalid_args", said if not self._gold.repeats(said, arguments) else "The arguments do not fit the tool.")
        return Failure("execution_error", text if not self._gold.repeats(text, arguments) else "The tool could not be called.")


def _readable(text: str) -> str:
    """The library's list of faults, which it prints as Python, as one sentence."""
    try:
        faults = ast.literal_eval(text.removeprefix(_INVALID).removeprefix(":").strip())
        said = [f"{'.'.join(map(str, fault['loc'])) or 'arguments'}: {fault['msg']}" for fault in faults]
    except (ValueError, SyntaxError, TypeError, KeyError):
        return text
    return f"Invalid arguments: {'; '.join(said)}."


def _split_of(split: Any) -> Split:
    if isinstance(split, str):
        return Split(split, split if split in _SPLIT_TYPES else "validation")
    return Split(split.name, split.type)


def _offered_name(name: str) -> str:
    return f"source_{name}" if name in _RESERVED else name


def _tool_of(tool: Any, names: dict[str, str]) -> Tool:
    schema = tool.input_schema or {"type": "object", "properties": {}}
    return Tool(names[tool.name], _said_by_both_names(tool, names), {"type": "object", **schema})


def _terminal_of(terminal: Any, names: dict[str, str]) -> Tool:
    properties = {} if terminal.arg is None else {terminal.arg: {"type": "string", "description": "The last words of the agent."}}
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return Tool(names[terminal.name], _said_by_both_names(terminal, names), schema, terminal=True)


def _said_by_both_names(tool: Any, names: dict[str, str]) -> str:
    """A tool's description. Prompts of the source call the tool by its own name, so an agent has to know both."""
    description, offered = tool.description or "", names[tool.name]
    if offered == tool.name:
        return description
    return f"{description} What the task calls `{tool.name}` is this tool.".strip()


def _message(message: Any) -> Message:
    """A turn of a conversation: blocks that are shown, and calls and answers of tools in their own places."""
    shown = [_block(each) for each in message.blocks if each.type in ("text", "image")]
    calls = [{"id": each.id, "name": each.name, "arguments": each.input} for each in message.blocks if each.type == "tool_call"]
    answers = [each for each in message.blocks if each.type == "tool_result"]
    for answer in answers:
        shown += [_block(each) for each in answer.blocks]
    return Message(message.role, shown, calls, answers[0].tool_call_id if answers else None)


def _block(block: Any) -> dict[str, Any]:
    if block.type == "image":
        return {"type": "image", "data": block.data, "mimeType": block.mimeType}
    return {"type": "text", "text": block.text}


def _texts(messages: list[Message]) -> list[str]:
    return [str(block.get("text", "")) for message in messages for block in message.content]


def _reward(reward: Any) -> float | None:
    return float(reward) if isinstance(reward, (int, float)) and math.isfinite(reward) else None


def _json(value: Any) -> Any:
    return json.loads(json.dumps(value, default=str))
