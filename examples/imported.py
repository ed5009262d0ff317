"""Plays one turn of an imported environment with Python's own OpenEnv client.

npx openenv serve ./number-quest
python examples/imported.py http://localhost:8000
"""

import sys

from openenv.core import GenericEnvClient

url = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8000"

with GenericEnvClient(base_url=url).sync() as env:
    start = env.reset(split="train", index=0)
    print(start.observation["prompt"])
    turn = env.step({"tool_name": "submit", "arguments": {"completion": "50?"}})
    print(turn.observation["result"]["data"]["messages"])
