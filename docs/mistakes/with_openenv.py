"""The mistakes that docs/openenv.md lists, made on purpose: each prints what its maker sees.

python mistakes/with_openenv.py NOBODY_THERE GOOD WITH_TOKENS_AND_PREFIX WITH_TWO_SESSIONS IMPATIENT
"""

import asyncio
import sys
import time

from openenv.core import GenericEnvClient

nobody, good, closed, small, impatient = sys.argv[1:]


async def attempt(url, call):
    env = GenericEnvClient(base_url=url, connect_timeout_s=5)
    try:
        await call(env)
    except Exception as error:
        print(f"{type(error).__name__}: {error}")
    finally:
        await env.close()


async def compute(env):
    await env.reset()
    # A trainer that computes in the thread of its event loop: nothing answers the server's pings meanwhile.
    time.sleep(4)
    await env.reset()


async def main():
    await attempt(nobody, lambda env: env.connect())
    await attempt(good, lambda env: env.step({}))
    await attempt(good, lambda env: env.reset(task_id="task_esay"))
    await attempt(f"{closed}/envs/mail", lambda env: env.connect())
    await attempt(closed, lambda env: env.connect())
    await attempt(impatient, compute)
    async with GenericEnvClient(base_url=small) as first, GenericEnvClient(base_url=small) as second:
        await asyncio.gather(first.reset(), second.reset())
        await attempt(small, lambda env: env.reset())


asyncio.run(main())
