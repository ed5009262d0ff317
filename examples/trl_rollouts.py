"""What TRL does with a server in a training run, without the training: `OpenRewardSpec` as it is, and your turns for the model's.

npx openenv serve email-triage
python examples/trl_rollouts.py http://localhost:8000
"""

import os
import sys

url = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8000"
os.environ.update(
    OPENREWARD_SESSION_URL=url,
    OPENREWARD_API_URL=url,
    OPENREWARD_DISABLE_UPDATE_CHECK="1",
    TRL_EXPERIMENTAL_SILENCE="1",
)

from trl.experimental.openreward import OpenRewardSpec  # noqa: E402

spec = OpenRewardSpec(url, split="canonical")

for task in range(2):
    rollout = spec.environment_factory()
    prompt = rollout.reset(task_index=task)
    turns = 0
    while not rollout.finished:
        # What the model's tool call becomes; its arguments are those of the tool that the server offers.
        rollout.act(label="normal", summary="A message.", route_to="none")
        turns += 1
    [reward] = spec.reward_funcs(environments=[rollout])
    print(f"task {task}: {turns} turns, reward {reward:.2f}")
    rollout._close()
