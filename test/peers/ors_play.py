"""Plays episodes with an unmodified client of ORS and prints all that it saw.

Reads a plan, one JSON object, from stdin and prints the answers as JSON on the last line of stdout:

    {"client": "ors" | "openreward" | "trl", "url": …, "environment": …, "variant": …, "split": …,
     "secrets": …, "episodes": [{"index": …, "calls": [[name, input], …]}, …]}

`variant` is for openreward alone: whether its requests name the environment. An episode without an index is one of a
task as `list_tasks` gave it, at "task".
"""

import json
import os
import sys


def seen(call):
    try:
        output = call()
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}
    return {
        "texts": [getattr(block, "text", None) for block in output.blocks],
        "metadata": output.metadata,
        "reward": output.reward,
        "finished": output.finished,
    }


def play(environment, plan):
    """The clients of both packages look alike here."""
    split = plan["split"]
    tasks = environment.list_tasks(split)
    answer = {
        "splits": list(environment.list_splits()),
        "count": environment.num_tasks(split),
        "task": dict(environment.get_task(split, 0).task_spec),
        "range": [task.task_spec["id"] for task in environment.get_task_range(split, start=-2)],
        "environment_names": sorted({task.environment_name for task in tasks}),
        "tools": [tool.name for tool in environment.list_tools()],
        "openai": environment.list_tools(format="openai"),
        "episodes": [],
    }
    secrets = {"secrets": plan["secrets"]} if plan.get("secrets") else {}
    for episode in plan["episodes"]:
        if "index" in episode:
            where = {"split": split, "index": episode["index"]}
        else:
            where = {"task": tasks[episode["task"]]}
        with environment.session(**where, **secrets) as session:
            answer["episodes"].append(
                {
                    "prompt": [block.text for block in session.get_prompt()],
                    "tools": [tool.name for tool in session.list_tools()],
                    "messages": messages(session),
                    "calls": [
                        seen(lambda: session.call_tool(name, given)) for name, given in episode["calls"]
                    ],
                }
            )
    return answer


def messages(session):
    if not hasattr(session, "get_messages"):
        return None
    return [[message.role, [block.text for block in message.blocks]] for message in session.get_messages()]


def play_ors(plan):
    from ors.client import ORS

    with ORS(base_url=plan["url"], api_key=plan.get("key")) as client:
        return play(client.environment(plan["environment"]), plan)


def play_openreward(plan):
    from openreward import OpenReward

    with OpenReward(api_key=plan.get("key")) as client:
        environment = client.environments.get(plan["environment"], variant=plan.get("variant"))
        answer = play(environment, plan)
        answer["terminal"] = environment.terminal_tool()
        answer["scores_groups"] = environment.supports_score_group()
        return answer


def play_trl(plan):
    from trl.experimental.openreward import OpenRewardSpec

    spec = OpenRewardSpec(plan["url"], split=plan["split"])
    make = spec.environment_factory
    answer = {"episodes": []}
    for episode in plan["episodes"]:
        rollout = make()
        prompt = rollout.reset(task_index=episode["index"])
        texts = [getattr(rollout, name)(**given) for name, given in episode["calls"]]
        answer["episodes"].append(
            {
                "prompt": [prompt],
                "texts": texts,
                "rewards": rollout.rewards,
                "metadata": rollout.metadata,
                "finished": rollout.finished,
                "reward": spec.reward_funcs(environments=[rollout])[0],
                "doc": type(rollout).act.__doc__,
            }
        )
        rollout._close()
        answer["closed"] = rollout._session is None
    return answer


def main():
    plan = json.load(sys.stdin)
    # These clients put `sessions.` in front of a server's name unless they are told where it is.
    os.environ.update(
        OPENREWARD_SESSION_URL=plan["url"],
        OPENREWARD_API_URL=plan["url"],
        OPENREWARD_DISABLE_UPDATE_CHECK="1",
        TRL_EXPERIMENTAL_SILENCE="1",
    )
    answer = {"ors": play_ors, "openreward": play_openreward, "trl": play_trl}[plan["client"]](plan)
    print(json.dumps(answer), flush=True)


main()
