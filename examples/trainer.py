"""What a trainer does: many episodes at once, in groups of one task, with the client of `pip install openenv`.

npx openenv serve email-triage
python examples/trainer.py http://localhost:8000
"""

import asyncio
import os
import sys

from openenv.core import GenericEnvClient

url = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8000"
# A server with tokens wants the one for control.
token = os.environ.get("OPENENV_CONTROL_TOKEN")
headers = {"Authorization": f"Bearer {token}"} if token else None


def policy(observation):
    """Your model goes here."""
    return {"label": "normal", "summary": observation["subject"], "route_to": "none"}


async def play(**start):
    """One episode, from reset to done, on a connection of its own."""
    async with GenericEnvClient(base_url=url, headers=headers) as env:
        result = await env.reset(**start)
        rewards = []
        while not result.done:
            result = await env.step(policy(result.observation))
            rewards.append(result.reward)
        return rewards, await env.state()


async def main():
    # A group, as GRPO wants it: eight episodes of one task, at the same time.
    group = await asyncio.gather(*(play(task_id="task_easy") for _ in range(8)))
    returns = [round(sum(rewards), 2) for rewards, _ in group]
    print("task_easy:", returns)

    # The same policy in the same start gets the same rewards, and nobody met anybody else's episode.
    assert all(rewards == group[0][0] for rewards, _ in group), returns
    assert len({state["episode_id"] for _, state in group}) == 8
    assert all(state["step_count"] == 6 for _, state in group)

    # Without a task the seed chooses one; `split` and `index` name one by its place.
    for start in ({"seed": 7}, {"split": "canonical", "index": 2}):
        rewards, state = await play(**start)
        print(f"{start}: {state['task_id']}, {len(rewards)} steps, return {sum(rewards):.2f}")


asyncio.run(main())
