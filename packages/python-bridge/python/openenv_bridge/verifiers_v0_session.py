"""Episodes of classic verifiers: whole rollouts of the library's own, with a model client that is played from outside."""

from __future__ import annotations

import contextlib
import json
import math
from typing import Any

from .contract import Message, Outcome, ScoringError
from .gold import Gold
from .submit import message_of
from .turns import Asked, Played, PlayedSession, shown
from .verifiers_v0_log import Raised, raised_here


class RolloutSession(PlayedSession[dict[str, Any]]):
    """One rollout of one row."""

    def __init__(self, env: Any, row: dict[str, Any], *, strict: bool, grouped: bool) -> None:
        super().__init__()
        self._env, self._row, self._strict, self._grouped = env, row, strict, grouped
        self._raised: list[Raised] = []
        self._gold = Gold({key: value for key, value in row_of(row).items() if key != "prompt"}, json.dumps(row.get("prompt"), default=str))

    async def _run(self, played: Played[dict[str, Any]]) -> dict[str, Any]:
        raised_here.set(self._raised)
        client = _client_of(played)
        if self._grouped:
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
