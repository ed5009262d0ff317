"""Tasksets of `verifiers.v1` (0.3.1 and later): episodes run in the library's own `run_episode`.

The library wants a model. It gets an endpoint on loopback, of this process, where each run of an episode (known by the header
that the library sends) waits for what whoever plays it submits.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import math
from importlib.metadata import version
from typing import Any

from .contract import (
    Description,
    EntryPoint,
    Message,
    NotFoundError,
    Outcome,
    ScoringError,
    SourceError,
    Split,
)
from .gold import Gold
from .modules import entry_attribute
from .submit import SUBMIT, message_of
from .turns import Asked, Played, PlayedSession, shown

_SPLIT = "train"


class TasksetSource:
    """A Taskset class with the environment that plays it."""

    def __init__(self, entry: EntryPoint) -> None:
        self._entry = entry
        self._tasks: list[Any] | None = None
        self._endpoint = _ModelEndpoint()
        self._serving: asyncio.Task[None] | None = None
        self._leaving = asyncio.Event()
        self._opening = asyncio.Lock()

    def prepare(self) -> None:
        try:
            from verifiers.v1 import Taskset
            from verifiers.v1.utils.loaders import load_environment, resolve_env_config
        except ModuleNotFoundError as error:
            if not (error.name or "").startswith("verifiers."):
                raise
            raise SourceError(
                f"The tasksets of verifiers {version('verifiers')} are of an earlier make: 0.3.1 or later is needed. "
                "Loosen the bound in the source's pyproject.toml, and import it again."
            ) from error

        taskset_class = entry_attribute(self._entry.module, self._entry.attribute, self._entry.paths)
        if not (isinstance(taskset_class, type) and issubclass(taskset_class, Taskset)):
            raise SourceError(f"{self._entry.module}.{self._entry.attribute} is no Taskset of verifiers.v1.")
        taskset_id = self._entry.module.replace("_", "-")
        taskset = {**self._entry.arguments, "id": taskset_id}
        try:
            config = resolve_env_config({"taskset": taskset})
        except ValueError as error:
            raise SourceError(f"Its configuration does not fit: {_faults_of(error)}. Set it in `arguments` in src/index.ts.") from error
        seats = _seats_of(config)
        if len(seats) != 1:
            raise SourceError(f"Its Env has the seats {', '.join(seats)}: only one seat can be played from outside.")
        [(name, declared)] = seats.items()
        most = declared.get("max_turns") or self._entry.max_turns
        seat = {**declared, "harness": {"id": "openenv-bridge-harness"}, "runtime": {"type": "subprocess"}, "max_turns": most}
        self._env = load_environment(resolve_env_config({"taskset": taskset, name: seat}))
        if type(self._env.taskset) is not taskset_class:
            found = f"{type(self._env.taskset).__module__}.{type(self._env.taskset).__qualname__}"
            raise SourceError(f"The library takes {taskset_id!r} for {found}: rename the module or the class it exports.")
        self._first = next(iter(self._env.taskset), None)
        if self._first is None:
            raise SourceError("The taskset has no tasks.")
        if self._first.NEEDS_CONTAINER:
            raise SourceError("Its tasks run in containers, which are not started here.")
        self._most_turns = most

    async def load(self) -> Description:
        notes = [
            "Tasks have no splits in this generation of the library: all of them are listed as train.",
            f"An episode has at most {self._most_turns} turns.",
        ]
        return Description(library=f"verifiers {version('verifiers')}", splits=[Split(_SPLIT, "train")], tools=[SUBMIT], notes=notes)

    async def count(self, split: str) -> int:
        return len(self._listed(split))

    async def rows(self, split: str, start: int, stop: int) -> list[dict[str, Any]]:
        return [row_of(task.data) for task in self._listed(split)[start:stop]]

    async def open(
        self, split: str | None, index: int | None, task: dict[str, Any] | None, secrets: dict[str, str], seed: int
    ) -> "TasksetSession":
        await self._ready()
        chosen = self._given(task) if task is not None else self._at(split or _SPLIT, index or 0)
        session = TasksetSession(self._env, chosen, self._endpoint)
        await session.start()
        return session

    async def close(self) -> None:
        self._leaving.set()
        if self._serving is not None:
            await asyncio.gather(self._serving, return_exceptions=True)
        await self._endpoint.close()

    async def _ready(self) -> None:
        """Opens what listens, once, and where sessions run: that may be a process forked from the one that loaded."""
        async with self._opening:
            if self._serving is None:
                await self._endpoint.start()
                await self._serve()

    async def _serve(self) -> None:
        """Holds the library's shared resources open: entered and left by one task, as they must be."""
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def serve() -> None:
            try:
                async with self._env.serving():
                    ready.set_result(None)
                    await self._leaving.wait()
            except BaseException as error:
                if not ready.done():
                    ready.set_exception(error)
                else:
                    raise

        self._serving = asyncio.ensure_future(serve())
        await ready

    def _listed(self, split: str) -> list[Any]:
        if split != _SPLIT:
            raise NotFoundError(f"There is no split {split!r}: there is {_SPLIT}.")
        if self._tasks is None:
            self._tasks = list(itertools.islice(iter(self._env.taskset), self._entry.max_tasks))
        return self._tasks

    def _at(self, split: str, index: int) -> Any:
        tasks = self._listed(split)
        if not 0 <= index < len(tasks):
            raise NotFoundError(f"{split} has {len(tasks)} tasks.")
        return tasks[index]

    def _given(self, row: dict[str, Any]) -> Any:
        """A task of data that was given whole: of the same classes as those that the taskset makes."""
        data_class = type(self._first.data)
        fields = {name: value for name, value in row.items() if name in data_class.model_fields}
        try:
            data = data_class.model_validate(fields)
        except ValueError as error:
            raise NotFoundError(f"The task is no {data_class.__name__}: {type(error).__name__}.") from error
        return self._first.with_data(**{name: getattr(data, name) for name in data_class.model_fields})


class TasksetSession(PlayedSession[Any]):
    """One episode of one task."""

    def __init__(self, env: Any, task: Any, endpoint: "_ModelEndpoint") -> None:
        super().__init__()
        self._env, self._task, self._endpoint = env, task, endpoint
        self._trace_ids: list[str] = []
        self._gold = Gold(row_of(task.data), task.data.prompt_text + (task.data.system_prompt or ""))

    async def close(self) -> None:
        await super().close()
        for trace_id in self._trace_ids:
            self._endpoint.runs.pop(trace_id, None)

    async def _run(self, played: Played[Any]) -> Any:
        from verifiers.v1.clients import EvalClientConfig, ModelContext

        def minted(trace: Any) -> None:
            self._trace_ids.append(trace.id)
            self._endpoint.runs[trace.id] = played

        client = EvalClientConfig(base_url=self._endpoint.url, api_key_var="OPENENV_BRIDGE_NO_KEY")
        return await self._env.run_episode(self._task, ModelContext(model="external", client=client), on_trace=minted)

    def _outcome(self, episode: Any, new: list[Message]) -> Outcome:
        """What the library made of a finished episode. An error in it is an error, and no number stands for it."""
        traces = list(episode.traces)
        errors = [*episode.errors, *(trace.last_error for trace in traces if trace.last_error is not None)]
        if not episode.ok or errors or len(traces) != 1:
            first = errors[0] if errors else None
            why = "no run was recorded" if first is None else f"{first.type}: {first.message}"
            if self._gold.repeats(why):
                why = f"{first.type if first is not None else 'an error'}, whose text repeats the task"
            raise ScoringError(f"The episode could not be scored: {why}")
        [trace] = traces
        scored = {name: each for name, each in trace.rewards.items() if each is not None}
        if not scored:
            raise ScoringError("The episode recorded no reward.")
        reward = float(trace.reward)
        if not math.isfinite(reward):
            raise ScoringError("The reward is no finite number.")
        messages = trace.branches[-1].messages if trace.branches else []
        answered = list(itertools.dropwhile(lambda message: message.role != "assistant", messages))
        data = {
            "messages": [shown(each) for each in new],
            "reward": reward,
            "metrics": {**{name: float(each.score) for name, each in scored.items()}, **_numbers(trace.metrics)},
            "stop_condition": trace.stop_condition,
            "completion": [shown(message_of(each.model_dump(mode="json", exclude_none=True))) for each in answered],
        }
        text = f"The episode is over ({trace.stop_condition or 'completed'})."
        return Outcome(
            content=[{"type": "text", "text": text}], data=data, reward=reward, finished=True, truncated=bool(trace.is_truncated)
        )


def _seats_of(config: Any) -> dict[str, dict[str, Any]]:
    """Who plays in an episode, with what the author set for each: fields of the environment's configuration."""
    from verifiers.v1 import AgentConfig

    return {
        name: value.model_dump(mode="json", exclude_unset=True) for name, value in config if isinstance(value, AgentConfig)
    }


def _faults_of(error: ValueError) -> str:
    """The fields that a validation refused, as `taskset.level: Field required`; another error's own text."""
    faults = getattr(error, "errors", None)
    if not callable(faults):
        return str(error)
    return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in faults()[:5])


def row_of(data: Any) -> dict[str, Any]:
    """A task's data as a row for orchestrators: what was set, without the library's defaults."""
    return data.model_dump(mode="json", exclude_defaults=True)


def _numbers(metrics: dict[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in metrics.items() if value is not None and math.isfinite(value)}


class _ModelEndpoint:
    """An OpenAI-compatible model on loopback whose every answer is somebody's turn."""

    def __init__(self) -> None:
        self.runs: dict[str, Played[Any]] = {}
        self.url = ""
        self._runner: Any = None

    async def start(self) -> None:
        from aiohttp import web

        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_post("/v1/chat/completions", self._complete)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/v1"

    async def close(self) -> None:
        if self._runner is not None:
            with contextlib.suppress(Exception):
                await self._runner.cleanup()

    async def _complete(self, request: Any) -> Any:
        from aiohttp import web

        played = self.runs.get(request.headers.get("X-Session-ID", ""))
        if played is None:
            return web.json_response({"error": {"message": "No such run."}}, status=404)
        body = await request.json()
        turn = await played.ask(Asked(messages=body["messages"], tools=body.get("tools") or []))
        calls = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in turn.tool_calls
        ]
        message = {"role": "assistant", "content": turn.content, **({"tool_calls": calls} if calls else {})}
        choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if calls else "stop"}
        usage = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
        return web.json_response(
            {"id": "turn", "object": "chat.completion", "created": 0, "model": "external", "choices": [choice], "usage": usage}
        )
