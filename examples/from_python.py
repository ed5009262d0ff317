"""From Python, with the client people already have: `pip install openenv`, then

    npx openenv serve examples/guess.ts
    python examples/from_python.py
"""

import sys

from openenv.core import GenericEnvClient

url = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8000"

with GenericEnvClient(base_url=url).sync() as env:
    result = env.reset(seed=7)
    assert result.observation["hint"] == "start", result
    result = env.step({"number": 50})
    print(result.observation["hint"], result.reward, result.done)

    # Halving finds any number up to a hundred in seven tries.
    low, number, high = 1, 50, 100
    while not result.done:
        low, high = (number + 1, high) if result.observation["hint"] == "higher" else (low, number - 1)
        number = (low + high) // 2
        result = env.step({"number": number})
        print(f"{number}? {result.observation['hint']}")

    assert result.observation["hint"] == "found", result
    assert result.reward == 1, result
    assert env.state()["step_count"] == 7 - result.observation["triesLeft"]

print("ok")
