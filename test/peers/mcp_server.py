"""A server of FastMCP's own: over HTTP, where it prints "Listening on URL", or over standard input and output with the
argument "stdio"."""

import asyncio
import logging
import socket
import sys

import uvicorn
from fastmcp import Context, FastMCP
from fastmcp.utilities.types import Image
from starlette.responses import JSONResponse

# What goes wrong here is meant to.
logging.disable()

server = FastMCP("adder", instructions="Add.", version="1.2.3")


@server.tool
def add(a: int, b: int) -> int:
    """Adds."""
    return a + b


@server.tool
def point(x: int) -> dict[str, int]:
    return {"x": x, "y": 0}


@server.tool
def fail() -> str:
    """Fails."""
    raise ValueError("It failed.")


@server.tool
def picture() -> Image:
    """Shows a picture."""
    return Image(data=b"hi", format="png")


@server.tool
async def walk(steps: int, context: Context) -> str:
    """Tells how far it is."""
    for step in range(1, steps + 1):
        await context.report_progress(progress=step, total=steps)
        await asyncio.sleep(0.01)
    return "there"


@server.custom_route("/health", methods=["GET"])
async def health(_request):
    return JSONResponse({"status": "healthy"})


if sys.argv[1:] == ["stdio"]:
    server.run(transport="stdio", show_banner=False)
else:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    print(f"Listening on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    uvicorn.Server(uvicorn.Config(server.http_app(), log_level="error")).run(sockets=[listener])
