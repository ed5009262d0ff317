"""Environments of classic verifiers (0.1.11 to 0.3.1): what a `load_environment` function answers.

Every episode is a whole rollout of the library's own, with a model client that is played from outside: turn limits, stop
rules, tools and scoring are the library's, and none of them is written again here. What differs between versions is
asked of the library's features, never of its version.
"""

from __future__ import annotations

import contextlib
import inspect
import os
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any

from .contract import Description, EntryPoint, NotFoundError, SourceError, Split
from .lacking import NO_KEY
from .modules import entry_attribute
from .submit import SUBMIT
from .verifiers_v0_log import ScoringLog
from .verifiers_v0_session import RolloutSession, row_of

# Environments that need a service or a container of their own.
_NEEDS_MORE = ("SandboxEnv", "SandboxMixin", "PythonEnv", "BrowserEnv", "CliAgentEnv", "OpenEnvEnv")


class VerifiersSource:
    """What `load_environment(**arguments)` answered."""

    def __init__(self, entry: EntryPoint) -> None:
        self._entry = entry
        self._datasets: dict[str, Any] = {}

    def prepare(self) -> None:
        # Judges make their client when they are constructed, and without a key that fails before anything can be listed.
        os.environ.setdefault("OPENAI_API_KEY", NO_KEY)
        self._base = _environment_class()
        _refuse_what_needs_more(self._base)
        load = entry_attribute(self._entry.module, self._entry.attribute, self._entry.paths)
        if not callable(load):
            raise SourceError(f"{self._entry.module}.{self._entry.attribute} is no function.")
        self._loaded = load(**_arguments(load, self._entry.arguments))

    async def load(self) -> Description:
        self._env = await self._loaded if inspect.isawaitable(self._loaded) else self._loaded
        if not isinstance(self._env, self._base):
            raise SourceError(f"{self._entry.attribute} answered a {type(self._env).__name__}, which is no verifiers.Environment.")
        self._env.env_id = self._env.env_id or self._entry.module
        self._grouped = _scores_groups(self._env)
        notes = []
        unbounded = [each for each in _environments(self._env) if getattr(each, "max_turns", 1) in (-1, None)]
        for each in unbounded:
            each.max_turns = self._entry.max_turns
        if unbounded:
            notes.append(f"The source sets no limit on turns: an episode has at most {self._entry.max_turns}.")
        if self._grouped:
            notes.append("Its rewards compare the rollouts of a group: each episode is scored as a group of one.")
        if self._judges():
            notes.append("Its rubric asks a judge model: OPENAI_API_KEY and OPENAI_BASE_URL say where.")
        ScoringLog.install()
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
        _require_playable(row)
        session = RolloutSession(self._env, row, strict=self._entry.strict_scoring, grouped=self._grouped)
        await session.start()
        return session

    async def close(self) -> None:
        teardown = getattr(self._env, "_teardown", None)
        if callable(teardown):
            with contextlib.suppress(Exception):
                await teardown()

    def _splits(self) -> list[Split]:
        """Only what there really is: asked for evaluation rows that it has not, the library answers those for training."""
        train = self._has("dataset")
        found = [Split("train", "train")] if train else []
        if self._has_eval_rows():
            found.append(Split("eval", "validation"))
        return found

    def _has_eval_rows(self) -> bool:
        taskset = getattr(self._env, "taskset", None)
        if taskset is not None and hasattr(taskset, "eval_source"):
            overridden = any("eval_rows" in vars(each) for each in type(taskset).__mro__ if not each.__module__.startswith("verifiers"))
            return taskset.eval_source is not None or overridden
        return self._has("eval_dataset")

    def _has(self, name: str) -> bool:
        return any(getattr(self._env, each, None) is not None for each in (f"{name}_source", name))

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

    def _judges(self) -> list[Any]:
        return [each for each in _rubrics(self._env) if "judge" in each.class_objects or "judge_client" in each.class_objects]

    def _require_judge_key(self) -> None:
        for rubric in self._judges():
            client = getattr(rubric, "judge_client", None) or rubric.class_objects.get("judge_client")
            if getattr(client, "api_key", None) == NO_KEY:
                raise SourceError(
                    "Its rubric asks a judge model and has no key for it: set OPENAI_API_KEY, and OPENAI_BASE_URL for another endpoint, "
                    "or the variables that the source reads instead, and name them in `variables` in src/index.ts."
                )


def _environment_class() -> type:
    """The library's base class; raises SourceError where the library is of another generation."""
    try:
        from verifiers import Environment
        from verifiers.clients import Client  # noqa: F401
    except ImportError as error:
        if (error.name or "").partition(".")[0] != "verifiers":
            raise
        raise SourceError(
            f"verifiers {version('verifiers')} does not run it: a `load_environment` needs verifiers 0.1.11 to 0.3.1. "
            "Change the bound in the source's pyproject.toml, and import it again."
        ) from error
    return Environment


def _refuse_what_needs_more(base: type) -> None:
    """Refuses classes that need a sandbox before they are constructed: they fail then, each in its own way.

    By name: the classes themselves import what they need, which may not be there.
    """

    def checked(cls: type, *_: Any, **__: Any) -> Any:
        needy = [each.__name__ for each in cls.__mro__ if each.__name__ in _NEEDS_MORE and each.__module__.startswith("verifiers")]
        if needy:
            raise SourceError(
                f"It makes a {cls.__name__}, which is a {needy[-1]}: it needs a sandbox service, a browser or a container, "
                "and none is started here."
            )
        return super(base, cls).__new__(cls)

    base.__new__ = staticmethod(checked)  # type: ignore[method-assign,assignment]


def _environments(env: Any) -> Iterator[Any]:
    """An environment, and of a group its members."""
    yield env
    for member in getattr(env, "envs", None) or []:
        yield from _environments(member)


def _rubrics(env: Any) -> Iterator[Any]:
    """Every rubric that scores for an environment: groups hold others."""
    pending = [each.rubric for each in _environments(env)]
    while pending:
        rubric = pending.pop()
        pending.extend(getattr(rubric, "rubrics", []))
        yield rubric


def _scores_groups(env: Any) -> bool:
    """Whether a reward needs a group of rollouts. Up to 0.1.12 the library has no word for it but its rubrics' functions."""
    if getattr(env, "requires_group_rollouts", False):
        return True
    return any(each._get_group_reward_funcs() for each in _rubrics(env) if hasattr(each, "_get_group_reward_funcs"))


def _require_playable(row: dict[str, Any]) -> None:
    """Refuses a row that this version of the library refuses, and says which versions do not."""
    try:
        from verifiers.types import normalize_task_payload
    except ImportError:
        return
    task = row.get("task")
    if not isinstance(task, str):
        return
    try:
        normalize_task_payload(task)
    except (ValueError, TypeError) as error:
        raise SourceError(
            f"Its rows have a text in the column `task`, which verifiers {version('verifiers')} refuses; versions up to 0.1.12 take it. "
            "Add `verifiers<0.1.13` to the dependencies of the source, and import it again."
        ) from error


def _arguments(load: Callable[..., Any], given: dict[str, Any]) -> dict[str, Any]:
    """What `load_environment` is called with: 0.1.14 has typed configurations, which its own loader makes of plain data."""
    found = dict(given)
    signature = inspect.signature(load)
    try:
        from verifiers.utils.env_utils import coerce_typed_env_config, env_config_annotation
    except ImportError:
        _require_arguments(load, signature, found)
        return found
    config = signature.parameters.get("config")
    if config is not None and config.default is config.empty and env_config_annotation(load, signature) is not None:
        found.setdefault("config", {})
    _require_arguments(load, signature, found)
    return coerce_typed_env_config(load, signature, found)


def _require_arguments(load: Callable[..., Any], signature: inspect.Signature, given: dict[str, Any]) -> None:
    """Refuses a call that Python would, in words that say where arguments are given."""
    parameters = signature.parameters.values()
    keywords = [each for each in parameters if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)]
    missing = [each.name for each in keywords if each.default is each.empty and each.name not in given]
    name = getattr(load, "__name__", "load_environment")
    if missing:
        raise SourceError(
            f"{name} needs the argument{'s' if len(missing) > 1 else ''} {', '.join(missing)}: give {'them' if len(missing) > 1 else 'it'} "
            f"in `arguments` in src/index.ts, for example arguments: {{ {missing[0]}: … }}."
        )
    unknown = sorted(set(given) - {each.name for each in keywords})
    if unknown and not any(each.kind is each.VAR_KEYWORD for each in parameters):
        known = ", ".join(each.name for each in keywords) or "none"
        raise SourceError(f"{name} takes no argument {unknown[0]}: change `arguments` in src/index.ts. It takes {known}.")


