"""Serves a small environment with the installed ORS package's own server, for this project's client to play.

  python ors_server.py          its first line of output says where it listens

Two environments: `vault`, the same with either package, and `broken`, whose setup fails.
"""

import base64
import os
import socket
import threading
import time
import urllib.request

from pydantic import BaseModel

try:
    from openreward.environments import Environment, ImageBlock, Message, Server, Split, TextBlock, ToolOutput
    from openreward.environments import terminal, tool

    NEWER = True
except ImportError:
    from ors import Environment, ImageBlock, Server, Split, TextBlock, ToolOutput, tool

    NEWER = False

    def terminal(function):
        return function


PICTURE = base64.b64encode(b"not really a picture").decode()
TASKS = {
    "train": [{"id": f"code-{code}", "code": code} for code in (3, 1, 4)],
    "exam": [{"id": "code-9", "code": 9}],
}


class Guess(BaseModel):
    digit: int


class Answer(BaseModel):
    text: str


class Vault(Environment):
    """Turn the wheel to the digit of the task."""

    def __init__(self, task_spec={}, secrets={}):
        super().__init__(task_spec=task_spec, secrets=secrets)
        self.given = dict(secrets)
        self.tries = 0

    @classmethod
    def list_splits(cls):
        return [Split(name="train", type="train"), "exam"]

    @classmethod
    def list_tasks(cls, split):
        return TASKS[split]

    async def get_prompt(self):
        return [TextBlock(text="The vault has one wheel."), ImageBlock(data=PICTURE, mimeType="image/png")]

    @tool
    async def turn(self, params: Guess) -> ToolOutput:
        """Turns the wheel."""
        self.tries += 1
        found = params.digit == self.task_spec["code"]
        return ToolOutput(
            blocks=[TextBlock(text="open" if found else "shut")],
            metadata={"tries": self.tries, "deep": {"list": [1, 2]}},
            reward=1.0 if found else -0.25,
            finished=found,
        )

    @tool
    async def read(self) -> ToolOutput:
        """Reads the long inscription, and looks at the picture."""
        text = ("Grüße, 世界 🙂 " * 20 + "x" * 4090 + "\n") * 20
        return ToolOutput(blocks=[TextBlock(text=text), ImageBlock(data=PICTURE, mimeType="image/png")])

    @tool
    async def jam(self) -> ToolOutput:
        """Breaks the wheel."""
        raise RuntimeError("The wheel jams.\nTwice.")

    @tool
    async def who(self) -> ToolOutput:
        """Says who was let in."""
        return ToolOutput(blocks=[TextBlock(text=self.given.get("BADGE", "nobody"))])

    @terminal
    @tool
    async def shout(self, params: Answer) -> ToolOutput:
        """Takes the last words."""
        return ToolOutput(blocks=[TextBlock(text=params.text)], reward=0.5, finished=True)


if NEWER:

    async def get_messages(self):
        return [
            Message(role="system", blocks=[TextBlock(text="You open vaults.")]),
            Message(role="user", blocks=await self.get_prompt()),
        ]

    Vault.get_messages = get_messages


class Broken(Vault):
    async def setup(self):
        raise RuntimeError("setup died")


def find_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def announce(port):
    """Says where the server listens, as soon as it does."""
    url = f"http://127.0.0.1:{port}"
    while True:
        try:
            urllib.request.urlopen(f"{url}/health", timeout=5).read()
            break
        except OSError:
            time.sleep(0.05)
    print(f"Listening on {url}", flush=True)
    # Both packages write to stdout and stderr at every call, and nobody reads on.
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)


def main():
    port = find_port()
    threading.Thread(target=announce, args=(port,), daemon=True).start()
    Server([Vault, Broken]).run(host="127.0.0.1", port=port)


main()
