"""A library's own loop, played by somebody outside: it asks for the assistant's next turn and waits for it."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from .contract import Failure, Message, Outcome, SourceError, Tool
from .submit import SUBMIT, BadSubmission, Turn, message_of, tool_schema_of, turns_of

Result = TypeVar("Result")


@dataclass(frozen=True)
class Asked:
    """The loop waits for the assistant's next turn."""

    messages: list[dict[str, Any]]
    """The whole conversation in OpenAI's form."""
    tools: list[dict[str, Any]] = field(default_factory=list)


class Played(Generic[Result]):
    """One run of a loop. The loop calls `ask`; whoever plays calls `start` once and then `take`."""

    def __init__(self, run: Callable[["Played[Result]"], Awaitable[Result]]) -> None:
        self._run = run
        self._task: asyncio.Future[Result] | None = None
        self._asked: asyncio.Queue[tuple[Asked, asyncio.Future[Turn]]] = asyncio.Queue()
        self._waiting: asyncio.Future[Turn] | None = None

    async def ask(self, asked: Asked) -> Turn:
        """What the library's model client calls: comes back with the assistant's turn."""
        answer: asyncio.Future[Turn] = asyncio.get_running_loop().create_future()
        self._asked.put_nowait((asked, answer))
        return await answer

    async def start(self) -> Asked | Result:
        """Runs the loop up to its first question; the result where it asks none."""
        self._task = asyncio.ensure_future(self._run(self))
        return await self._next()

    async def take(self, turn: Turn) -> Asked | Result:
        """Answers the question and runs on up to the next one, or to the end. Raises what the loop raised."""
        if self._waiting is None:
            raise RuntimeError("Nobody asked.")
        waiting, self._waiting = self._waiting, None
        waiting.set_result(turn)
        return await self._next()

    async def close(self) -> None:
        """Ends the loop wherever it stands; its own clean-up runs."""
        if self._task is None or self._task.done():
            return
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _next(self) -> Asked | Result:
        assert self._task is not None
        question = asyncio.ensure_future(self._asked.get())
        try:
            await asyncio.wait({question, self._task}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            question.cancel()
            raise
        if question.done():
            asked, self._waiting = question.result()
            return asked
        question.cancel()
        return self._task.result()


class Conversation(Generic[Result]):
    """What of a played loop was shown so far, so that each message is told once."""

    def __init__(self, played: Played[Result]) -> None:
        self._played = played
        self._begun = False
        self.shown_tools: list[dict[str, Any]] = []

    async def start(self) -> list[Message] | Result:
        """The opening messages; the loop's result where it ended without asking."""
        event = await self._played.start()
        return self._new(event) if isinstance(event, Asked) else event

    async def submit(
        self, name: str, arguments: dict[str, Any], end: Callable[[Result, list[Message]], Outcome]
    ) -> Outcome:
        """Plays what was submitted by a call of `submit`. `end` makes the last outcome of the loop's result."""
        if name != SUBMIT.name:
            return Outcome(failure=Failure("tool_not_found", f"There is no tool {name!r}: there is {SUBMIT.name}."))
        try:
            turns = turns_of(arguments)
        except BadSubmission as error:
            return Outcome(failure=Failure("invalid_args", str(error)))
        new: list[Message] = []
        for turn in turns:
            event = await self._played.take(turn)
            if not isinstance(event, Asked):
                return end(event, new)
            new += self._new(event)
        blocks = [block for message in new for block in message.content]
        return Outcome(content=blocks, data={"messages": [shown(each) for each in new]})

    async def close(self) -> None:
        await self._played.close()

    def _new(self, asked: Asked) -> list[Message]:
        if asked.tools:
            self.shown_tools = [tool_schema_of(tool) for tool in asked.tools]
        messages = asked.messages
        last = max((at for at, message in enumerate(messages) if message.get("role") == "assistant"), default=-1)
        first = last + 1 if self._begun else 0
        self._begun = True
        return [message_of(message) for message in messages[first:]]


class PlayedSession(ABC, Generic[Result]):
    """A session whose episode is a loop of the library's own: `submit` plays it, turn by turn."""

    def __init__(self) -> None:
        self._conversation: Conversation[Result] = Conversation(Played(self._run))
        self.messages: list[Message] = []
        self.tools: list[Tool] = [SUBMIT]
        self.shown_tools: list[dict[str, Any]] = []

    @abstractmethod
    async def _run(self, played: Played[Result]) -> Result:
        """The library's loop, whole; asks `played` for each turn."""

    @abstractmethod
    def _outcome(self, result: Result, new: list[Message]) -> Outcome:
        """What the library made of it. Raises ScoringError where there is no number to be had."""

    async def start(self) -> None:
        begun = await self._conversation.start()
        if not isinstance(begun, list):
            # Says why, where the library does.
            self._outcome(begun, [])
            raise SourceError("The episode ended before anybody was asked.")
        self.messages = begun
        self.shown_tools = self._conversation.shown_tools

    async def call(self, name: str, arguments: dict[str, Any]) -> Outcome:
        return await self._conversation.submit(name, arguments, self._outcome)

    async def score_group(self, candidates: list[dict[str, Any]]) -> list[dict[str, Any]]:
        raise NotImplementedError

    async def close(self) -> None:
        await self._conversation.close()


def shown(message: Message) -> dict[str, Any]:
    """A message as JSON for agents."""
    text = {"role": message.role, "content": message.content}
    calls = {"tool_calls": message.tool_calls} if message.tool_calls else {}
    answered = {"tool_call_id": message.tool_call_id} if message.tool_call_id is not None else {}
    return {**text, **calls, **answered}
