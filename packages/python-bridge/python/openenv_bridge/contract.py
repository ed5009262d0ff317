"""What an adapter to a Python environment library offers, and what passes between it and the bridge.

An adapter turns one library's environments into these few calls. The bridge owns processes, pipes, time limits and
ids; an adapter owns the meaning: which tasks there are, what an agent is told, and what the source's own code scores.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

Json = Any


class SourceError(Exception):
    """The source cannot be used as it is; the text says what to change. Never holds task data."""


class NotFoundError(Exception):
    """There is no such split, or no task at that index."""


class ScoringError(Exception):
    """A reward could not be had for a reason that the agent did not cause: no number stands for it."""


@dataclass(frozen=True)
class EntryPoint:
    """What to load: `attribute` of `module`, with the folders of `paths` first on the module path."""

    kind: str
    """`ors`, `verifiers` (a `load_environment` function) or `verifiers-v1` (a Taskset class)."""
    module: str
    attribute: str
    paths: list[str]
    arguments: dict[str, Json] = field(default_factory=dict)
    """For `load_environment(**arguments)`; for a Taskset, fields of its configuration."""
    strict_scoring: bool = False
    """Whether a reward function that raises is an error instead of the library's number."""
    max_turns: int = 100
    """Bound for loops that the library leaves unbounded."""
    max_tasks: int = 100_000
    """Bound for task sets that are listed by iterating over them."""


@dataclass(frozen=True)
class Split:
    name: str
    type: str
    """`train`, `validation` or `test`."""


@dataclass(frozen=True)
class Tool:
    name: str
    description: str
    input_schema: dict[str, Json]
    """JSON Schema of the arguments: always an object schema."""
    final: bool = False
    """A call that goes well ends the episode."""
    terminal: bool = False
    """Takes the agent's last words: its arguments are one text, or none."""


@dataclass(frozen=True)
class Description:
    """What is known of a loaded source without a task."""

    library: str
    """For example `verifiers 0.3.1`."""
    splits: list[Split]
    tools: list[Tool]
    """Those that every task has; can be listed before reset."""
    group_scoring: bool = False
    notes: list[str] = field(default_factory=list)
    """What people should know, a sentence each: turn loops that do not run here, judges that need a key."""


@dataclass(frozen=True)
class Message:
    """A message that the agent is shown. `content` is a list of blocks: text, image or (in conversations) tool calls."""

    role: str
    content: list[dict[str, Json]]
    """`{"type": "text", "text"}`, `{"type": "image", "data": base64, "mimeType"}`."""
    tool_calls: list[dict[str, Json]] = field(default_factory=list)
    """`{"id", "name", "arguments": {…}}`, of assistants."""
    tool_call_id: str | None = None
    """Which call a message of the role `tool` answers."""


@dataclass(frozen=True)
class Failure:
    """Why a call failed, for the agent to read; the episode goes on."""

    kind: str
    """`tool_not_found`, `invalid_args` or `execution_error`."""
    message: str


@dataclass(frozen=True)
class Outcome:
    """What came of one tool call. Everything but `scoring_errors` is the agent's to read: nothing gold stands in it."""

    content: list[dict[str, Json]] = field(default_factory=list)
    """Blocks, as in `Message.content`."""
    data: Json = None
    """The value for clients that want just that. For `submit`: `messages` (new ones of the environment, each as
    `Message`), and at the end `reward`, `metrics`, `stop_condition` and `completion`."""
    reward: float | None = None
    """None where nothing was scored; never NaN."""
    finished: bool = False
    truncated: bool = False
    """`finished` because a limit of the library cut the episode off (its turns), not because the task was over."""
    failure: Failure | None = None
    scoring_errors: list[str] = field(default_factory=list)
    """Reward functions that raised on this, each as `name: Type of the exception`; for the orchestrator only."""


class Session(Protocol):
    """One episode of the source, on its own object."""

    messages: list[Message]
    """What the agent is told first."""
    tools: list[Tool]
    """The tools of this task: those of the description and its own."""
    shown_tools: list[dict[str, Json]]
    """Tools that the agent calls inside `submit` (function schemas of a Verifiers environment); often empty."""

    async def call(self, name: str, arguments: dict[str, Json]) -> Outcome:
        """Calls one tool. Never raises for what an agent can cause; raises ScoringError, and what the source breaks on."""

    async def score_group(self, candidates: list[dict[str, Json]]) -> list[dict[str, Json]]:
        """`[{"reward", "metadata"}]`, one a candidate; raises NotImplementedError where the source has none."""

    async def close(self) -> None:
        """Frees what the episode holds; called once, also after a call that was cancelled."""


class Source(Protocol):
    """A loaded source. All calls come from one event loop, which lives as long as the process."""

    def prepare(self) -> None:
        """Imports the source and calls what makes it, in the main thread.

        No event loop runs meanwhile, so that a source may use `asyncio.run` itself, as in a script.
        """

    async def load(self) -> Description:
        """Finishes what `prepare` began, and says what the source offers."""

    async def count(self, split: str) -> int: ...

    async def rows(self, split: str, start: int, stop: int) -> list[dict[str, Json]]:
        """Task rows as JSON objects, with what is gold in them: they go to the orchestrator. Raises NotFoundError."""

    async def open(
        self, split: str | None, index: int | None, task: dict[str, Json] | None, secrets: dict[str, str], seed: int
    ) -> Session:
        """Starts an episode on the task at `index` of `split`, or on a task given whole."""

    async def close(self) -> None: ...
