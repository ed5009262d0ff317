"""Plays scripts with the installed package's own GenericEnvClient and prints all that it saw.

Its first line of output names the package. Then each line of input, a plan, is answered by a line of output: for each
script a list of what its calls gave. A plan:

    {"url": …, "style": "async" | "sync" | "with", "lazy": false, "client": {arguments of the constructor},
     "scripts": [[call, …], …]}

Each script has a client of its own and all of them run at the same time. A call is ["reset", {options}],
["step", {action}], ["state"], ["sleep", seconds], or ["meet"], which waits until every script got there.
A lazy client connects with its first message. "sync" is the wrapper of every version; "with" the plain blocking
form that came with 0.8.
"""

import asyncio
import json
import sys
import threading
import time
from importlib.metadata import PackageNotFoundError, version

from openenv.core import GenericEnvClient

MEETING_TIMEOUT_S = 30


def installed():
    for package in ("openenv", "openenv-core"):
        try:
            return f"{package} {version(package)}"
        except PackageNotFoundError:
            pass
    raise SystemExit("No OpenEnv package is installed here.")


def seen(result):
    answer = {"observation": result.observation, "reward": result.reward, "done": result.done}
    if hasattr(result, "metadata"):
        answer["metadata"] = result.metadata
    return answer


def failed(error):
    return {"error": f"{type(error).__name__}: {error}"}


async def play_async(plan):
    scripts = plan["scripts"]
    arrived, everybody = 0, asyncio.Event()

    async def play(script):
        nonlocal arrived
        client = GenericEnvClient(base_url=plan["url"], **plan.get("client", {}))
        answers = []
        try:
            if not plan.get("lazy"):
                await client.connect()
            for name, *arguments in script:
                try:
                    if name == "reset":
                        answers.append(seen(await client.reset(**arguments[0])))
                    elif name == "step":
                        answers.append(seen(await client.step(arguments[0])))
                    elif name == "state":
                        answers.append({"state": await client.state()})
                    elif name == "sleep":
                        await asyncio.sleep(arguments[0])
                    elif name == "meet":
                        arrived += 1
                        if arrived == len(scripts):
                            everybody.set()
                        await asyncio.wait_for(everybody.wait(), MEETING_TIMEOUT_S)
                    else:
                        raise SystemExit(f"Unknown call: {name}")
                except Exception as error:
                    answers.append(failed(error))
        except Exception as error:
            answers.append(failed(error))
        finally:
            await client.close()
        return answers

    return await asyncio.gather(*(play(script) for script in scripts))


def play_blocking(plan):
    scripts = plan["scripts"]
    everybody = threading.Barrier(len(scripts), timeout=MEETING_TIMEOUT_S)
    results = [None] * len(scripts)

    def calls(client, script):
        answers = []
        for name, *arguments in script:
            try:
                if name == "reset":
                    answers.append(seen(client.reset(**arguments[0])))
                elif name == "step":
                    answers.append(seen(client.step(arguments[0])))
                elif name == "state":
                    answers.append({"state": client.state()})
                elif name == "sleep":
                    time.sleep(arguments[0])
                elif name == "meet":
                    everybody.wait()
                else:
                    raise SystemExit(f"Unknown call: {name}")
            except Exception as error:
                answers.append(failed(error))
        return answers

    def play(index, script):
        client = GenericEnvClient(base_url=plan["url"], **plan.get("client", {}))
        if plan["style"] == "sync":
            client = client.sync()
        try:
            if plan.get("lazy"):
                results[index] = calls(client, script)
                client.close()
            else:
                with client as connected:
                    results[index] = calls(connected, script)
        except Exception as error:
            results[index] = [failed(error)]

    threads = [threading.Thread(target=play, args=item) for item in enumerate(scripts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def main():
    for line in sys.stdin:
        plan = json.loads(line)
        scripts = asyncio.run(play_async(plan)) if plan["style"] == "async" else play_blocking(plan)
        print(json.dumps(scripts), flush=True)


print(json.dumps(installed()), flush=True)
main()
