"""What an Open Reward Standard class itself gives for tool calls: no bridge, no server, only the library.

Reads {"path", "module", "attribute", "secrets", "episodes": [{"split", "index", "calls": [[name, input], …]}]} and prints, for each
episode, its rewards and whether each call ended it. A call that raises or is refused has the reward null.
"""

import asyncio
import importlib
import inspect
import json
import os
import sys


async def maybe(value):
    return await value if inspect.isawaitable(value) else value


async def play(cls, plan, episode):
    task = await cls.get_task(episode["split"], episode["index"])
    instance = cls(task_spec=dict(task), secrets=plan.get("secrets", {}))
    await maybe(instance.setup())
    seen = []
    for name, given in episode["calls"]:
        try:
            answer = (await instance._call_tool(name, given)).root
        except Exception:
            seen.append([None, False])
            continue
        seen.append([answer.output.reward, answer.output.finished] if answer.ok else [None, False])
    await maybe(instance.teardown())
    return seen


async def main():
    plan = json.load(sys.stdin)
    # In place of this script's own folder.
    sys.path[0] = plan["path"]
    cls = getattr(importlib.import_module(plan["module"]), plan["attribute"])
    return [await play(cls, plan, episode) for episode in plan["episodes"]]


os.environ["OPENREWARD_DISABLE_UPDATE_CHECK"] = "1"
out, sys.stdout = sys.stdout, sys.stderr
print(json.dumps(asyncio.run(main())), file=out)
