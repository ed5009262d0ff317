"""What a task of verifiers.v1 itself gives for a reply: scored by the library's own `task.score` on a trace made by hand.

Reads {"path", "module", "attribute", "episodes": [{"split", "index", "turns": [message]}]} and prints, for each episode,
{"reward", "metrics"}.
"""

import asyncio
import importlib
import json
import sys

out, sys.stdout = sys.stdout, sys.stderr
plan = json.load(sys.stdin)
# In place of this script's own folder.
sys.path[0] = plan["path"]

import verifiers.v1 as vf  # noqa: E402
from verifiers.v1.utils.loaders import taskset_config_type  # noqa: E402


async def score(task, turns):
    [turn] = turns
    trace = vf.Trace(
        task=vf.TraceTask(type=type(task).__name__, data=task.data, key=task.key, hash=task.hash),
        agent=vf.AgentInfo(config=vf.AgentConfig(runtime=vf.SubprocessConfig()), name="agent", trainable=False),
        state=vf.State(),
        nodes=[
            vf.MessageNode(parent=None, message=vf.UserMessage(content=task.data.prompt), sampled=False),
            vf.MessageNode(parent=0, message=vf.AssistantMessage(content=turn["content"]), sampled=True),
        ],
    )
    await task.score(trace, runtime=None)
    metrics = {name: each.score for name, each in trace.rewards.items()} | dict(trace.metrics)
    return {"reward": trace.reward, "metrics": metrics}


async def main():
    config = taskset_config_type(plan["module"].replace("_", "-"))
    taskset = getattr(importlib.import_module(plan["module"]), plan["attribute"])(config(id=plan["module"].replace("_", "-")))
    tasks = list(taskset)
    return [await score(tasks[episode["index"]], episode["turns"]) for episode in plan["episodes"]]


print(json.dumps(asyncio.run(main())), file=out)
