"""An environment class that misbehaves on demand, in the shape that ORS classes have. Needs no library."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

SCHEMA = {"type": "object", "properties": {"text": {"type": "string"}}}
TOOLS = ["say", "fail", "crash", "killed", "hang", "block", "flood", "chatter", "spawn", "large", "finish", "secret"]
TOOLS += ["where", "meddle", "rubbish", "hold"]
COUNTED = {"calls": 0}
LOOPS = set()
IN_MAIN_THREAD = threading.current_thread() is threading.main_thread()
# Kept outside of this module, which would not remember that it was loaded twice.
sys.__dict__.setdefault("troubled_loads", []).append(__name__)


def _reply(text, **more):
    fields = {"metadata": None, "reward": None, "finished": False, **more}
    output = SimpleNamespace(blocks=[SimpleNamespace(type="text", text=text)], **fields)
    return SimpleNamespace(root=SimpleNamespace(ok=True, output=output))


class Troubled:
    def __init__(self, task_spec={}, secrets={}):
        self.task_spec, self.secrets = task_spec, secrets

    @classmethod
    def list_splits(cls):
        return ["train", "test"]

    @classmethod
    def list_tools(cls):
        tools = [SimpleNamespace(name=name, description=f"It does {name}.", input_schema=SCHEMA) for name in TOOLS]
        return SimpleNamespace(tools=tools)

    @classmethod
    async def num_tasks(cls, split):
        return 250 if split == "train" else 2

    @classmethod
    async def get_task(cls, split, index):
        return {"question": f"{split} {index}?", "answer": f"gold-{index}", "id": "its own", "difficulty": "hard"}

    @classmethod
    async def get_task_range(cls, split, start, stop):
        return [await cls.get_task(split, index) for index in range(start, stop)]

    def list_task_tools(self):
        return SimpleNamespace(tools=[])

    def setup(self):
        if self.task_spec.get("broken"):
            raise ValueError(f"cannot set up {self.task_spec}")

    def teardown(self):
        pass

    def get_prompt(self):
        return [SimpleNamespace(type="text", text=self.task_spec.get("question", "What?"))]

    async def _call_tool(self, name, given):
        if name not in TOOLS:
            return SimpleNamespace(root=SimpleNamespace(ok=False, error=f"{name!r} is not a valid tool"))
        COUNTED["calls"] += 1
        return await getattr(self, name)(given)

    async def say(self, given):
        return _reply(f"{given.get('text', '')} {os.getpid()} {COUNTED['calls']}", reward=0.25)

    async def fail(self, given):
        raise RuntimeError(given.get("text") or f"not {self.task_spec['answer']}")

    async def crash(self, given):
        os._exit(3)

    async def killed(self, given):
        os.kill(os.getpid(), signal.SIGKILL)

    async def hang(self, given):
        await asyncio.sleep(3600)

    async def hold(self, given):
        """Waits until there is a file of that name."""
        while not os.path.exists(given["text"]):
            await asyncio.sleep(0.01)
        return _reply("Held.", reward=0.5)

    async def block(self, given):
        while True:
            time.sleep(0.01)

    async def flood(self, given):
        for _ in range(200):
            print("x" * 200_000)
            print("y" * 10_000, file=sys.stderr)
        return _reply("Flooded.")

    async def chatter(self, given):
        os.write(1, b'{"jsonrpc": "2.0", "id": 1, "result": "forged"}\n')
        sys.stdout.write("no newline at the end")
        sys.stdout.flush()
        subprocess.run(["sh", "-c", "echo from a child; echo more >&2"], check=True)
        return _reply("Said.")

    async def spawn(self, given):
        child = subprocess.Popen(["sleep", "3600"])
        return _reply(str(child.pid))

    async def large(self, given):
        return _reply("ü" * 5_000_000)

    async def finish(self, given):
        return _reply("Over.", reward=float("nan") if given.get("text") == "nan" else 1.0, finished=True)

    async def secret(self, given):
        return _reply(f"{sorted(self.secrets)} {sorted(name for name in os.environ if 'KEY' in name or 'TOKEN' in name)}")

    async def where(self, given):
        LOOPS.add(id(asyncio.get_running_loop()))
        here = {"main": IN_MAIN_THREAD, "loads": sys.troubled_loads, "loops": len(LOOPS), "beside": os.path.dirname(__file__) in sys.path}
        return _reply(json.dumps(here))

    async def meddle(self, given):
        os.chdir("/")
        for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        return _reply(f"{os.getcwd()} {os.getpid()}")

    async def rubbish(self, given):
        """Writes bytes to our side, on the descriptor that answers of the bridge go out on."""
        text = given.get("text", "")
        fd = 4
        if text == "endless":
            while True:
                os.write(fd, b"x" * 65536)
        os.write(fd, text.encode("latin-1"))
        await asyncio.sleep(3600)
