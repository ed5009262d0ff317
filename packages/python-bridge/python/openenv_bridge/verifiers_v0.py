"""Environments of classic verifiers (0.1.11 to 0.3.1): what a `load_environment` function answers.

Every episode is a whole rollout of the library's own, with a model client that is whoever plays: turn limits, stop rules,
tools and scoring are the library's, and none of them is written again here.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import importlib
import inspect
import json
import logging
import math
import os
import re
import sys
from importlib.metadata import version
from typing import Any

from .contract import Description, EntryPoint, Message, NotFoundError, Outcome, ScoringError, SourceError, Split
from .gold import Gold
from .submit import SUBMIT, message_of
from .turns import Asked, Played, PlayedSession, shown

_NO_KEY = "no-key-was-given"
_RAISED = re.compile(r"Error calling (?:group )?reward function (?P<name>\S+?):")
# Environments that need a service or a container of their own.
_NEEDS_MORE = ("SandboxEnv", "PythonEnv", "BrowserEnv", "CliAgentEnv", "OpenEnvEnv")


class VerifiersSource:
    """What `load_environment(**arguments)` answered."""

    def __init__(self, entry: EntryPoint) -> None:
        self._entry = entry
        self._datasets: dict[str, Any] = {}

    async def load(self) -> Description:
        # Judges make their client when they are constructed, and without a key that fails before anything can be listed.
        os.environ.setdefault("OPENAI_API_KEY", _NO_KEY)
        module = importlib.import_module(self._entry.module)
        load = getattr(module, self._entry.attribute, None)
        if not callable(load):
            raise SourceError(f"{self._entry.module}.{self._entry.attribute} is no function.")
        from verifiers import Environment

        loaded = load(**_arguments(load, self._entry.arguments))
        self._env = await loaded if inspect.isawaitable(loaded) else loaded
        if not isinstance(self._env, Environment):
            raise SourceError(f"{self._entry.attribute} answered a {type(self._env).__name__}, which is no verifiers.Environment.")
        if not hasattr(self._env, "run_rollout"):
            raise SourceError("This needs verifiers 0.1.11 or later, where a rollout takes a client of one's own.")
        self._refuse_what_needs_more()
        self._env.env_id = self._env.env_id or self._entry.module
        notes = []
        if getattr(self._env, "max_turns", 1) in (-1, None):
            self._env.max_turns = self._entry.max_turns
            notes.append(f"The source sets no limit on turns: an episode has at most {self._entry.max_turns}.")
        if self._judges():
            notes.append("Its rubric asks a judge model: OPENAI_API_KEY and OPENAI_BASE_URL say where.")
        _ScoringLog.install()
        splits = self._splits()
        return Description(library=f"verifiers {version('verifiers')}", splits=splits, tools=[SUBMIT], notes=notes)

    async def count(self, split: str) -> int:
        return len(self._dataset(split))

    async def rows(self, split: str, start: int, stop: int) -> list[dict[str, Any]]:
        dataset = self._dataset(split)
        return [row_of(dataset[at]) for at in range(max(0, start), min(stop, len(dataset)))]

    async def open(
        self, split: str | None, index: int | None, task: dict[str, Any] | None, secrets: dict[str, str], seed: int
    ) -> "RolloutSession":
        self._require_judge_key()
        row = self._given(task) if task is not None else self._at(split or self._splits()[0].name, index or 0)
        session = RolloutSession(self._env, row, strict=self._entry.strict_scoring)
        await session.start()
        return session

    async def close(self) -> None:
        teardown = getattr(self._env, "_teardown", None)
        if callable(teardown):
            with contextlib.suppress(Exception):
                await teardown()

    def _splits(self) -> list[Split]:
        """Only what there really is: asked for evaluation rows that it has not, the library answers those for training."""
        train = self._env.dataset_source is not None or self._env.dataset is not None
        found = [Split("train", "train")] if train else []
        if self._has_eval_rows():
            found.append(Split("eval", "validation"))
        return found

    def _has_eval_rows(self) -> bool:
        taskset = getattr(self._env, "taskset", None)
        if taskset is not None and hasattr(taskset, "eval_source"):
            overridden = any("eval_rows" in vars(each) for each in type(taskset).__mro__ if not each.__module__.startswith("verifiers"))
            return taskset.eval_source is not None or overridden
        return self._env.eval_dataset_source is not None or self._env.eval_dataset is not None

    def _dataset(self, split: str) -> Any:
        names = [each.name for each in self._splits()]
        if split not in names:
            raise NotFoundError(f"There is no split {split!r}: there are {', '.join(names)}.")
        if split not in self._datasets:
            dataset = self._env.get_dataset() if split == "train" else self._env.get_eval_dataset()
            most = self._entry.max_tasks
            self._datasets[split] = dataset.select(range(most)) if len(dataset) > most else dataset
        return self._datasets[split]

    def _at(self, split: str, index: int) -> dict[str, Any]:
        dataset = self._dataset(split)
        if not 0 <= index < len(dataset):
            raise NotFoundError(f"{split} has {len(dataset)} tasks.")
        return dict(dataset[index])

    def _given(self, task: dict[str, Any]) -> dict[str, Any]:
        """A row that was given whole, in the form that rows of the library's datasets have."""
        row = dict(task)
        if "prompt" not in row:
            if not isinstance(row.get("question"), str):
                raise NotFoundError("A task needs a prompt, or a question.")
            system = getattr(self._env, "system_prompt", None)
            opening = [{"role": "system", "content": system}] if system else []
            row["prompt"] = [*opening, *(getattr(self._env, "few_shot", None) or []), {"role": "user", "content": row["question"]}]
        row.setdefault("example_id", 0)
        return row

    def _refuse_what_needs_more(self) -> None:
        """By name: the classes themselves import what they need, which may not be there."""
        needy = [each.__name__ for each in type(self._env).__mro__ if each.__name__ in _NEEDS_MORE]
        if needy:
            raise SourceError(f"{self._entry.attribute} answered a {needy[0]}: it needs a service or container, which is not started here.")

    def _judges(self) -> list[Any]:
        found, pending = [], [self._env.rubric]
        while pending:
            rubric = pending.pop()
            pending.extend(getattr(rubric, "rubrics", []))
            if "judge" in rubric.class_objects or "judge_client" in rubric.class_objects:
                found.append(rubric)
        return found

    def _require_judge_key(self) -> None:
        for rubric in self._judges():
            client = getattr(rubric, "judge_client", None) or rubric.class_objects.get("judge_client")
            if getattr(client, "api_key", None) == _NO_KEY:
                raise SourceError(
                    "Its rubric asks a judge model and has no key for it: set OPENAI_API_KEY, and OPENAI_BASE_URL for another endpoint, "
                    "and name them in the variables of the environment."
                )


class RolloutSession(PlayedSession[dict[str, Any]]):
    """One rollout of one row."""

    def __init__(self, env: Any, row: dict[str, Any], *, strict: bool) -> None:
        super().__init__()
        self._env, self._row, self._strict = env, row, strict
        self._raised: list[_Raised] = []
        self._gold = Gold({key: value for key, value in row_of(row).items() if key != "prompt"}, json.dumps(row.get("prompt"), default=str))

    async def _run(self, played: Played[dict[str, Any]]) -> dict[str, Any]:
        _raised_here.set(self._raised)
        client = _client_of(played)
        if self._env.requires_group_rollouts:
            [output] = await self._env.run_group([dict(self._row)], client, "external", {})
        else:
            output = await self._env.run_rollout(dict(self._row), client, "external", {})
        return dict(output)

    def _outcome(self, output: dict[str, Any], new: list[Message]) -> Outcome:
        """What the library made of a finished rollout, sorted into what the agent caused and what it did not."""
        if output.get("error") is not None:
            raise ScoringError(f"The rollout ended in an error: {self._safe(_error_text(output['error']))}")
        foreign = [each for each in self._raised if each.foreign]
        if foreign:
            raise ScoringError(f"A reward could not be computed: {foreign[0].name} failed with {foreign[0].type}, which is not the agent's doing.")
        raised = [f"{each.name}: {each.type}" for each in self._raised]
        if raised and self._strict:
            raise ScoringError(f"Reward functions raised: {', '.join(raised)}.")
        reward = output.get("reward")
        if not isinstance(reward, (int, float)) or not math.isfinite(reward):
            raise ScoringError("The rollout recorded no reward.")
        completion = _messages(output.get("completion"))
        last = max((at for at, message in enumerate(completion) if message.get("role") == "assistant"), default=-1)
        closing = [message_of(message) for message in completion[last + 1 :]]
        data = {
            "messages": [shown(each) for each in [*new, *closing]],
            "reward": float(reward),
            "metrics": {name: float(value) for name, value in (output.get("metrics") or {}).items() if _finite(value)},
            "stop_condition": output.get("stop_condition"),
            "completion": [shown(message_of(message)) for message in completion],
        }
        said = [block for message in [*new, *closing] for block in message.content]
        text = {"type": "text", "text": f"The episode is over ({data['stop_condition'] or 'completed'})."}
        truncated = bool(output.get("is_truncated")) or data["stop_condition"] == "max_turns_reached" and not _is_single(self._env)
        return Outcome(content=[*said, text], data=data, reward=float(reward), finished=True, truncated=truncated, scoring_errors=raised)

    def _safe(self, text: str) -> str:
        return "its text repeats the task and is withheld." if self._gold.repeats(text) else text


def _arguments(load: Any, given: dict[str, Any]) -> dict[str, Any]:
    """What `load_environment` is called with: 0.1.14 has typed configurations, which its own loader makes of plain data."""
    found = dict(given)
    try:
        from verifiers.utils.env_utils import coerce_typed_env_config, env_config_annotation
    except ImportError:
        return found
    signature = inspect.signature(load)
    config = signature.parameters.get("config")
    if config is not None and config.default is config.empty and env_config_annotation(load, signature) is not None:
        found.setdefault("config", {})
    return coerce_typed_env_config(load, signature, found)


def row_of(row: Any) -> dict[str, Any]:
    """A dataset's row as JSON, `info` parsed where it is JSON text."""
    found = json.loads(json.dumps(dict(row), default=str))
    if isinstance(found.get("info"), str):
        with contextlib.suppress(ValueError):
            found["info"] = json.loads(found["info"])
    return found


def _is_single(env: Any) -> bool:
    members = getattr(env, "envs", None)
    return all(map(_is_single, members)) if members else getattr(env, "max_turns", None) == 1


def _finite(value: Any) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)


def _error_text(error: Any) -> str:
    if isinstance(error, dict):
        return str(error.get("error_chain_str") or error.get("error") or error)
    return str(error)


def _messages(completion: Any) -> list[dict[str, Any]]:
    if isinstance(completion, str):
        return [{"role": "assistant", "content": completion}]
    return [_plain(message) for message in completion or []]


def _plain(message: Any) -> dict[str, Any]:
    found = message.model_dump(mode="json", exclude_none=True) if hasattr(message, "model_dump") else dict(message)
    # Completion-type environments have messages of the role `text`.
    return {**found, "role": "user"} if found.get("role") == "text" else found


def _client_of(played: Played[dict[str, Any]]) -> Any:
    """A model client of the library whose model is whoever plays."""
    from verifiers.clients import Client
    from verifiers.types import Response, ResponseMessage, ToolCall

    class TurnClient(Client):
        async def get_response(self, prompt: Any, model: str, sampling_args: Any, tools: Any = None, **_: Any) -> Any:
            messages = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else [_plain(each) for each in prompt]
            offered = [each.model_dump() if hasattr(each, "model_dump") else dict(each) for each in tools or []]
            turn = await played.ask(Asked(messages=messages, tools=offered))
            calls = [ToolCall(id=call.id, name=call.name, arguments=call.arguments) for call in turn.tool_calls]
            message = ResponseMessage(
                content=turn.content,
                tool_calls=calls or None,
                finish_reason="tool_calls" if calls else "stop",
                is_truncated=False,
            )
            return Response(id="turn", created=0, model=model, message=message)

        def setup_client(self, config: Any) -> Any: ...

        async def to_native_tool(self, tool: Any) -> Any: ...

        async def to_native_prompt(self, messages: Any) -> Any: ...

        async def get_native_response(self, *_: Any, **__: Any) -> Any: ...

        async def raise_from_native_response(self, response: Any) -> None: ...

        async def from_native_response(self, response: Any) -> Any: ...

        async def close(self) -> None: ...

    return TurnClient(object())


class _Raised:
    """A reward function that raised: the library logs it and counts 0."""

    def __init__(self, name: str, error: BaseException | None) -> None:
        self.name = name
        self.type = type(error).__name__ if error is not None else "an exception"
        self.foreign = error is not None and any(_is_foreign(each) for each in _chain(error))


_raised_here: contextvars.ContextVar[list[_Raised] | None] = contextvars.ContextVar("raised", default=None)


class _ScoringLog(logging.Handler):
    """Hears what the library says of reward functions that raise, and tells the rollout in whose context it was said."""

    @classmethod
    def install(cls) -> None:
        for name in ("verifiers", "verifiers.legacy"):
            logger = logging.getLogger(name)
            if not any(isinstance(each, cls) for each in logger.handlers):
                logger.addHandler(cls())

    def emit(self, record: logging.LogRecord) -> None:
        raised = _raised_here.get()
        said = _RAISED.match(record.getMessage())
        if raised is None or said is None or getattr(record, "heard_by_bridge", False):
            return
        # The handler of a logger further up hears it too.
        record.heard_by_bridge = True
        raised.append(_Raised(said["name"], sys.exc_info()[1]))


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
