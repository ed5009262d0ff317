"""Plays an environment with a client of Open Reward Standard: that of `ors-sdk`, or that of `openreward`.

npx openenv serve email-triage
python examples/ors_client.py http://localhost:8000
"""

import os
import sys

url = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8000"


try:
    from openreward import OpenReward

    # Its sessions would be looked for at another name of the server.
    os.environ.update(OPENREWARD_SESSION_URL=url, OPENREWARD_API_URL=url, OPENREWARD_DISABLE_UPDATE_CHECK="1")
    client = OpenReward(api_key="none")
    environment = client.environments.get("email-triage")
except ImportError:
    from ors.client import ORS

    client = ORS(base_url=url)
    environment = client.environment("email-triage")


def policy(text):
    """Your model goes here."""
    return {"label": "normal", "summary": "A message.", "route_to": "none"}


print(list(environment.list_splits()), environment.num_tasks("canonical"), [tool.name for tool in environment.list_tools()])

with environment.session(split="canonical", index=0) as session:
    text, finished, rewards = session.get_prompt()[0].text, False, []
    while not finished:
        output = session.call_tool("act", policy(text))
        text, finished = output.blocks[0].text, output.finished
        rewards.append(output.reward)
    print(len(rewards), "calls,", round(sum(rewards), 2))
