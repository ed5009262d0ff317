"""Times the tool calls of an environment class in Python itself, and prints the median of each in microseconds."""

import asyncio
import importlib
import json
import statistics
import sys
import time


async def main():
    folder, steps = sys.argv[1], int(sys.argv[2])
    sys.path[0] = folder
    cls = importlib.import_module("troubled").Troubled
    instance = cls(task_spec=await cls.get_task("train", 0))
    instance.setup()
    taken = []
    for _ in range(steps):
        start = time.perf_counter()
        (await instance._call_tool("say", {"text": "hello"})).root
        taken.append(time.perf_counter() - start)
    print(json.dumps(statistics.median(taken) * 1e6))


asyncio.run(main())
