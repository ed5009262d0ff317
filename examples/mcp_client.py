"""An agent with Python's official MCP client: `pip install mcp`, then

npx openenv serve examples/guess.ts
python examples/mcp_client.py http://localhost:8000/agent/…/mcp
"""

import asyncio
import sys

from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

url = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8000/mcp"


async def main():
    async with (
        streamable_http_client(url) as (read, write, _),
        ClientSession(read, write) as session,
    ):
        hello = await session.initialize()
        print(hello.instructions.splitlines()[0])
        print([tool.name for tool in (await session.list_tools()).tools])

        low, high, turn = 1, 100, {"done": False}
        while not turn["done"]:
            number = (low + high) // 2
            turn = (await session.call_tool("act", {"number": number})).structuredContent
            hint = turn["observation"]["hint"]
            print(f"{number}? {hint}")
            low, high = (number + 1, high) if hint == "higher" else (low, number - 1)
        print("reward", turn["reward"])
        assert turn["reward"] == 1, turn


asyncio.run(main())
