"""What classic verifiers itself gives for a list of assistant messages: no bridge, only the library and a client that reads aloud.

Reads {"path", "module", "attribute", "episodes": [{"split", "index", "turns": [message, …]}], "grouped": whether rewards compare a
group} and prints, for each episode,
{"reward", "metrics", "stop_condition", "asked": how many turns the library wanted}.
"""

import asyncio
import importlib
import inspect
import json
import os
import sys

out, sys.stdout = sys.stdout, sys.stderr


def main():
    plan = json.load(sys.stdin)
    # In place of this script's own folder.
    sys.path[0] = plan["path"]
    import verifiers

    load = getattr(importlib.import_module(plan["module"]), plan["attribute"])
    # A configuration that has to be given: the library's own loader makes it of plain data.
    arguments = {"config": {}} if "config" in inspect.signature(load).parameters else {}
    env = verifiers.load_environment(plan["module"], **arguments)

    from verifiers.clients import Client
    from verifiers.types import Response, ResponseMessage, ToolCall

    class Reader(Client):
        def __init__(self, turns):
            super().__init__(object())
            self.turns, self.asked = list(turns), 0

        async def get_response(self, prompt, model, sampling_args, tools=None, **kwargs):
            turn = self.turns[self.asked]
            self.asked += 1
            calls = [
                ToolCall(id=call["id"], name=call["name"], arguments=json.dumps(call["arguments"], ensure_ascii=False))
                for call in turn.get("tool_calls", [])
            ]
            message = ResponseMessage(
                content=turn.get("content"),
                tool_calls=calls or None,
                finish_reason="tool_calls" if calls else "stop",
                is_truncated=False,
            )
            return Response(id="native", created=0, model=model, message=message)

        async def setup_client(self, config): ...
        async def to_native_tool(self, tool): ...
        async def to_native_prompt(self, messages): ...
        async def get_native_response(self, *args, **kwargs): ...
        async def raise_from_native_response(self, response): ...
        async def from_native_response(self, response): ...
        async def close(self): ...

    async def play(episode):
        rows = env.get_dataset() if episode["split"] == "train" else env.get_eval_dataset()
        reader = Reader(episode["turns"])
        row = dict(rows[episode["index"]])
        if plan.get("grouped"):
            [output] = await env.run_group([row], reader, "native", {})
        else:
            output = await env.run_rollout(row, reader, "native", {})
        return {
            "reward": output["reward"],
            "metrics": output["metrics"],
            "stop_condition": output.get("stop_condition"),
            "asked": reader.asked,
        }

    async def all_of_them():
        return [await play(episode) for episode in plan["episodes"]]

    print(json.dumps(asyncio.run(all_of_them())), file=out, flush=True)
    os._exit(0)


main()
