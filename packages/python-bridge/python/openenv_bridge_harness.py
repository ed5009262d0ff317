"""The harness of verifiers 0.3.1 and later in which this bridge plays: the chat loop of the library's own, in this process.

It has a module of its own because the library finds harnesses by a module's name and its `__all__`. The library's own chat
harness is the same loop in a program that needs a download and seconds to start.
"""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from typing import Any

import httpx
from verifiers.v1.configs.harness import HarnessConfig
from verifiers.v1.dialects.chat import message_to_wire
from verifiers.v1.harness import Harness
from verifiers.v1.runtimes import ProgramResult

try:
    from verifiers.v1.harnesses.utils.mcp import call_mcp, connect_mcp
except ModuleNotFoundError:
    # 0.3.1, where the same is part of the chat harness and holds nothing open.
    from verifiers.v1.harnesses.null.program import call_mcp
    from verifiers.v1.harnesses.null.program import connect_mcp as _connect

    async def connect_mcp(config: dict[str, Any], _stack: AsyncExitStack) -> tuple[list[Any], dict[str, Any], dict[str, Any]]:
        return await _connect(config)


__all__ = ["InProcessHarness"]


class InProcessHarnessConfig(HarnessConfig):
    pass


class InProcessHarness(Harness[InProcessHarnessConfig]):
    APPENDS_SYSTEM_PROMPT = True
    SUPPORTS_MCP = True
    SUPPORTS_RESUME = True
    SUPPORTS_TOOL_INTERCEPTION = True
    EXECUTES_CODE = False
    NEEDS_CONTAINER = False

    async def launch(
        self,
        ctx: Any,
        trace: Any,
        runtime: Any,
        endpoint: str,
        secret: str,
        mcp_urls: dict[str, str],
        data: Any,
        tool_interception_url: str | None = None,
    ) -> ProgramResult:
        system, prompt = self.resolve_prompt(data)
        messages: list[dict[str, Any]] = [{"role": "system", "content": system}] if system else []
        if isinstance(prompt, str):
            messages.append({"role": "user", "content": prompt})
        else:
            messages += [message_to_wire(message) for message in prompt or []]
        async with AsyncExitStack() as stack:
            servers = {name: {"url": url, "timeout": self.config.tool_timeout} for name, url in mcp_urls.items()}
            tools, dispatch, connections = await connect_mcp({"mcpServers": servers}, stack)
            timeout = httpx.Timeout(None, connect=5.0)
            client = await stack.enter_async_context(httpx.AsyncClient(timeout=timeout, trust_env=False))
            authorized = {"Authorization": f"Bearer {secret}"}
            while True:
                body = {"model": ctx.model, "messages": messages, **({"tools": tools} if tools else {})}
                response = await client.post(f"{endpoint}/chat/completions", json=body, headers=authorized)
                if response.status_code != 200:
                    # A turn that a limit refused: the trace says which, and the library looks there first.
                    return ProgramResult(exit_code=1, stdout="", stderr=f"The model answered {response.status_code}.")
                message = response.json()["choices"][0]["message"]
                messages.append({key: value for key, value in message.items() if value is not None})
                if not message.get("tool_calls"):
                    return ProgramResult(exit_code=0, stdout="", stderr="")
                for call in message["tool_calls"]:
                    refused = await self._refused(client, tool_interception_url, authorized, call)
                    messages.append(refused or await self._answer(connections, dispatch, call))

    async def _refused(
        self, client: httpx.AsyncClient, url: str | None, headers: dict[str, str], call: dict[str, Any]
    ) -> dict[str, Any] | None:
        """What the task's policy says in place of a tool that it denies; None where it lets the call through."""
        if url is None:
            return None
        name, arguments = call["function"]["name"], call["function"].get("arguments") or "{}"
        try:
            parsed = json.loads(arguments)
        except ValueError:
            parsed = arguments
        asked = {"tool_call_id": call["id"], "name": name, "arguments": parsed}
        response = await client.post(url, json=asked, headers=headers)
        response.raise_for_status()
        decision = response.json()
        if decision["action"] == "stop":
            raise RuntimeError(decision["reason"])
        return dict(decision["message"]) if decision["action"] == "deny" else None

    async def _answer(
        self, servers: dict[str, Any], dispatch: dict[str, Any], call: dict[str, Any]
    ) -> dict[str, Any]:
        """A tool's message, with the words that the library's own loop has for calls that cannot be made."""
        name = call["function"]["name"]
        try:
            arguments = json.loads(call["function"].get("arguments") or "{}")
        except json.JSONDecodeError as error:
            content: Any = f"error: invalid JSON in tool arguments ({error}); resend the call with valid JSON"
        else:
            if not isinstance(arguments, dict):
                kind = type(arguments).__name__
                content = f"error: tool arguments must be a JSON object, got {kind}; resend as an object"
            elif name in dispatch:
                content = await call_mcp(servers, dispatch, name, arguments)
            else:
                content = f"error: unknown tool {name!r}"
        return {"role": "tool", "tool_call_id": call["id"], "content": content, "name": name}
