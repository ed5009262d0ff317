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
    assert not result.done, result

    low, high = 1, 100
    while not result.done:
        guess = (low + high) // 2
        result = env.step({"number": guess})
        print(f"{guess}? {result.observation['hint']}")
        if result.observation["hint"] == "higher":
            low = guess + 1
        else:
            high = guess - 1

    # Seven halvings find any number up to a hundred.
    assert result.observation["hint"] == "found", result
    assert result.reward == 1, result
    assert env.state()["step_count"] == 7 - result.observation["triesLeft"]

print("ok")
