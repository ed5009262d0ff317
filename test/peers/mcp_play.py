"""Calls tools with a client of Python and prints all that it saw: OpenEnv's MCPToolClient, or those of the packages mcp
and fastmcp.

Its first line of output names the packages. Then each line of input, a plan, is answered by a line of output: a list of
what its calls gave. A plan:

    {"client": "openenv" | "mcp" | "fastmcp", "url": …, "calls": [[call, …], …], "production": null}

A call is ["list"], ["call", name, {arguments}] or, with the clients of mcp and fastmcp, ["call", name, {arguments}, seconds],
which gives up after that time, and ["cancel", name, {arguments}, seconds], which is cancelled then. There is
["sleep", seconds], and with OpenEnv's client also ["connect"], ["reset", {options}],
["step", name, {arguments}], a call as an action, and ["state"]. With "production" its calls go over HTTP, or, when
false, over the socket; null leaves that to the client.
"""

import asyncio
import json
import sys
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version

import fastmcp
import mcp


def installed():
    found = []
    for package in ("openenv", "openenv-core", "mcp", "fastmcp"):
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            pass
    return ", ".join(found)


def dumped(value):
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else value


def either(value, *names):
    """The first attribute that there is: versions spell them differently."""
    for name in names:
        if hasattr(value, name):
            return getattr(value, name)
    raise SystemExit(f"{value!r} has none of {names}.")


def listed(tools):
    return [
        {
            "name": tool.name,
            "description": tool.description,
            "schema": either(tool, "input_schema", "inputSchema"),
        }
        for tool in tools
    ]


def result_of(result):
    return {
        "content": [dumped(block) for block in result.content],
        "structured": either(result, "structured_content", "structuredContent"),
        "is_error": either(result, "is_error", "isError"),
    }


class OpenEnvPlayer:
    def __init__(self, url, production):
        from openenv.core.mcp_client import MCPToolClient

        self.client = MCPToolClient(base_url=url)
        if production is not None:
            self.client.use_production_mode = production

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        await self.client.close()

    async def connect(self):
        await self.client.connect()
        return {}

    async def list(self):
        return {"tools": listed(await self.client.list_tools())}

    async def call(self, name, arguments):
        return {"value": await self.client.call_tool(name, **arguments)}

    async def reset(self, options):
        return self.seen(await self.client.reset(**options))

    async def step(self, name, arguments):
        from openenv.core.env_server.mcp_types import CallToolAction

        return self.seen(await self.client.step(CallToolAction(tool_name=name, arguments=arguments)))

    async def state(self):
        return {"state": dumped(await self.client.state())}

    @staticmethod
    def seen(result):
        return {"observation": dumped(result.observation), "reward": result.reward, "done": result.done}


class McpPlayer:
    """The client of the package mcp: of its second version where that is installed, which speaks the newest revision."""

    def __init__(self, url, _production):
        self.url = url

    async def __aenter__(self):
        if hasattr(mcp, "Client"):
            self.client = mcp.Client(self.url)
            self.session = await self.client.__aenter__()
        else:
            from mcp.client.streamable_http import streamable_http_client

            self.line = streamable_http_client(self.url)
            read, write, _ = await self.line.__aenter__()
            self.client = mcp.ClientSession(read, write)
            self.session = await self.client.__aenter__()
            await self.session.initialize()
        return self

    async def __aexit__(self, *failure):
        await self.client.__aexit__(*failure)
        if hasattr(self, "line"):
            await self.line.__aexit__(*failure)

    async def list(self):
        return {"tools": listed((await self.session.list_tools()).tools)}

    async def call(self, name, arguments, seconds=None):
        # The second version takes seconds, the first one a timedelta.
        limit = seconds if seconds is None or hasattr(mcp, "Client") else timedelta(seconds=seconds)
        return result_of(await self.session.call_tool(name, arguments, read_timeout_seconds=limit))


class FastMcpPlayer:
    def __init__(self, url, _production):
        self.client = fastmcp.Client(url)

    async def __aenter__(self):
        await self.client.__aenter__()
        return self

    async def __aexit__(self, *failure):
        await self.client.__aexit__(*failure)

    async def list(self):
        return {"tools": listed(await self.client.list_tools())}

    async def call(self, name, arguments, seconds=None):
        return result_of(await self.client.call_tool(name, arguments, timeout=seconds, raise_on_error=False))


PLAYERS = {"openenv": OpenEnvPlayer, "mcp": McpPlayer, "fastmcp": FastMcpPlayer}


async def cancelled(player, name, arguments, seconds):
    task = asyncio.ensure_future(player.call(name, arguments))
    await asyncio.sleep(seconds)
    task.cancel()
    try:
        return await task
    except asyncio.CancelledError:
        return {"error": "cancelled"}


async def made(player, name, *arguments):
    if name == "cancel":
        return await cancelled(player, *arguments)
    if name == "sleep":
        await asyncio.sleep(*arguments)
        return {}
    return await getattr(player, name)(*arguments)


async def play(plan):
    answers = []
    async with PLAYERS[plan["client"]](plan["url"], plan.get("production")) as player:
        for name, *arguments in plan["calls"]:
            try:
                answers.append(await made(player, name, *arguments))
            except Exception as error:
                answers.append({"error": f"{type(error).__name__}: {error}"})
    return answers


def main():
    print(json.dumps(installed()), flush=True)
    for line in sys.stdin:
        try:
            answers = asyncio.run(play(json.loads(line)))
        # Clients that lose their server end by cancelling themselves, too.
        except (Exception, asyncio.CancelledError, BaseExceptionGroup) as error:
            answers = [{"error": f"{type(error).__name__}: {error}"}]
        print(json.dumps(answers), flush=True)


main()
