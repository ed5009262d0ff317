"""The one tool of sources whose agent speaks in turns: `submit` takes what the assistant says next."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from .contract import Message, Tool

_MOST_TURNS = 64
_CALL = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "description": "Made up when it is not given."},
        "name": {"type": "string"},
        "arguments": {"description": "An object, or JSON text of one.", "anyOf": [{"type": "object"}, {"type": "string"}]},
    },
    "required": ["name"],
}
_ASSISTANT = {
    "type": "object",
    "properties": {
        "role": {"type": "string", "enum": ["assistant"]},
        "content": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "tool_calls": {"type": "array", "items": _CALL},
    },
}

SUBMIT = Tool(
    name="submit",
    description=(
        "Says what the assistant says next: either its text as `completion`, or `messages` of the assistant, with "
        "content and calls of the tools that were shown with the prompt. Answers with what follows, and at the end "
        "with the reward."
    ),
    input_schema={
        "type": "object",
        "properties": {
            "completion": {"type": "string", "description": "The assistant's whole reply."},
            "messages": {"type": "array", "items": _ASSISTANT, "minItems": 1, "maxItems": _MOST_TURNS},
        },
        "additionalProperties": False,
    },
)


@dataclass(frozen=True)
class ToolCall:
    id: str
    name: str
    arguments: str
    """JSON text, as models write it."""


@dataclass(frozen=True)
class Turn:
    """One message of the assistant."""

    content: str | None
    tool_calls: list[ToolCall] = field(default_factory=list)


class BadSubmission(ValueError):
    """What was submitted is no turn of an assistant; the text says what to send instead."""


def turns_of(arguments: dict[str, Any]) -> list[Turn]:
    """The assistant's turns in the arguments of `submit`, at least one. Raises BadSubmission."""
    unknown = sorted(set(arguments) - {"completion", "messages"})
    if unknown:
        raise BadSubmission(f"{unknown[0]!r} is no argument of submit: it takes completion, or messages.")
    completion, messages = arguments.get("completion"), arguments.get("messages")
    if (completion is None) == (messages is None):
        raise BadSubmission("submit takes either completion, a text, or messages, a list; exactly one of them.")
    if completion is not None:
        if not isinstance(completion, str):
            raise BadSubmission("completion: must be a text.")
        return [Turn(content=completion)]
    if not isinstance(messages, list) or not 1 <= len(messages) <= _MOST_TURNS:
        raise BadSubmission(f"messages: must be a list of 1 to {_MOST_TURNS} messages.")
    return [_turn(message, f"messages[{at}]") for at, message in enumerate(messages)]


def _turn(message: Any, where: str) -> Turn:
    if not isinstance(message, dict):
        raise BadSubmission(f"{where}: must be an object with content or tool_calls.")
    role = message.get("role", "assistant")
    if role != "assistant":
        raise BadSubmission(
            f"{where}.role: only messages of the assistant can be submitted; what tools and users say comes from the environment."
        )
    content = message.get("content")
    if isinstance(content, list):
        content = _text_of_parts(content, f"{where}.content")
    if content is not None and not isinstance(content, str):
        raise BadSubmission(f"{where}.content: must be a text, or null beside tool calls.")
    calls = message.get("tool_calls") or []
    if not isinstance(calls, list):
        raise BadSubmission(f"{where}.tool_calls: must be a list.")
    turn = Turn(content=content, tool_calls=[_call(call, f"{where}.tool_calls[{at}]") for at, call in enumerate(calls)])
    if turn.content is None and not turn.tool_calls:
        raise BadSubmission(f"{where}: has neither content nor tool_calls.")
    return turn


def _text_of_parts(parts: list[Any], where: str) -> str:
    texts = [part.get("text") if isinstance(part, dict) and part.get("type") == "text" else None for part in parts]
    if any(not isinstance(text, str) for text in texts):
        raise BadSubmission(f"{where}: must be a text, or parts of the type text.")
    return "".join(text for text in texts if isinstance(text, str))


def _call(call: Any, where: str) -> ToolCall:
    if not isinstance(call, dict):
        raise BadSubmission(f"{where}: must be an object with name and arguments.")
    # OpenAI's own form nests what ours has flat; models are used to it.
    flat = call["function"] if isinstance(call.get("function"), dict) else call
    name, arguments, call_id = flat.get("name"), flat.get("arguments", {}), call.get("id")
    if not isinstance(name, str) or not name:
        raise BadSubmission(f"{where}.name: must be the name of a tool.")
    if not isinstance(arguments, (dict, str)):
        raise BadSubmission(f"{where}.arguments: must be an object, or its JSON text.")
    text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return ToolCall(id=call_id if isinstance(call_id, str) and call_id else f"call_{uuid.uuid4().hex}", name=name, arguments=text)


def message_of(message: dict[str, Any]) -> Message:
    """A chat message in OpenAI's form, nested or flat tool calls alike, as the contract's."""
    calls = [_shown_call(each) for each in message.get("tool_calls") or []]
    answered = message.get("tool_call_id")
    return Message(
        role=str(message.get("role", "user")),
        content=_blocks_of(message.get("content")),
        tool_calls=calls,
        tool_call_id=answered if isinstance(answered, str) else None,
    )


def _shown_call(call: Any) -> dict[str, Any]:
    """A call in whatever form a library keeps it: flat or nested, an object or its JSON text."""
    found = _object_of(call) if isinstance(call, str) else call
    if not isinstance(found, dict):
        return {"id": "", "name": "", "arguments": found}
    flat = found["function"] if isinstance(found.get("function"), dict) else found
    return {"id": str(found.get("id") or ""), "name": str(flat.get("name") or ""), "arguments": _object_of(flat.get("arguments"))}


def _object_of(arguments: Any) -> Any:
    if not isinstance(arguments, str):
        return arguments
    try:
        return json.loads(arguments)
    except ValueError:
        return arguments


def _blocks_of(content: Any) -> list[dict[str, Any]]:
    if content is None:
        return []
    if not isinstance(content, list):
        return [{"type": "text", "text": str(content)}]
    return [_block_of(part) for part in content]


def _block_of(part: Any) -> dict[str, Any]:
    if not isinstance(part, dict):
        return {"type": "text", "text": str(part)}
    if part.get("type") == "text":
        return {"type": "text", "text": str(part.get("text", ""))}
    source = part.get("image_url")
    url = source.get("url") if isinstance(source, dict) else source
    if isinstance(url, str) and url.startswith("data:") and ";base64," in url:
        kind, data = url[len("data:") :].split(";base64,", 1)
        return {"type": "image", "data": data, "mimeType": kind}
    return {"type": "text", "text": url if isinstance(url, str) else json.dumps(part, ensure_ascii=False, default=str)}


def tool_schema_of(tool: dict[str, Any]) -> dict[str, Any]:
    """A function tool as agents are shown it: `{name, description, parameters}`, whatever form the library has."""
    flat = tool["function"] if isinstance(tool.get("function"), dict) else tool
    return {
        "name": str(flat.get("name", "")),
        "description": str(flat.get("description") or ""),
        "parameters": flat.get("parameters") or {"type": "object", "properties": {}},
    }
