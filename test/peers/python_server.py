"""Serves a small environment with the installed package's own server, for this project's clients to play.

  python python_server.py lock                 its first line of output says where it listens
  python python_server.py echo --asynchronous --sessions 16384

`lock` is the twin of lock.ts: equal seeds and actions give equal replies in both languages.
"""

import argparse
import inspect
import socket
from typing import Literal, Optional

import uvicorn
from openenv.core.env_server.http_server import HTTPEnvServer, create_fastapi_app
from openenv.core.env_server.interfaces import Environment
from openenv.core.env_server.types import Action, Observation, State
from pydantic import Field

BACKLOG = 4096


class EchoAction(Action):
    message: str


class EchoObservation(Observation):
    message: str


class Echo(Environment):
    SUPPORTS_CONCURRENT_SESSIONS = True

    def __init__(self):
        super().__init__()
        self._state = State()

    def reset(self, seed: Optional[int] = None, episode_id: Optional[str] = None, **_):
        self._state = State(episode_id=episode_id or "echo", step_count=0)
        return EchoObservation(message="")

    def step(self, action: EchoAction, timeout_s: Optional[float] = None, **_):
        self._state.step_count += 1
        return EchoObservation(message=action.message, reward=0.0)

    @property
    def state(self):
        return self._state


class LockAction(Action):
    """Try a digit; with force, and the lock jams."""

    digit: int = Field(ge=0, le=9, description="The digit to try next.")
    force: bool = Field(default=False, description="Turn it by force.")


class LockObservation(Observation):
    right: int = Field(description="How many digits were found.")
    last: Literal["start", "right", "wrong"]
    note: Optional[str] = None


class LockState(State):
    right: int = 0


class Lock(Environment):
    """Find four digits within eight tries."""

    SUPPORTS_CONCURRENT_SESSIONS = True

    def __init__(self):
        super().__init__()
        self._state = LockState()
        self._seed = 0

    def reset(self, seed: Optional[int] = None, episode_id: Optional[str] = None, **_):
        self._seed = seed or 0
        self._state = LockState(episode_id=episode_id or "lock", step_count=0, right=0)
        return LockObservation(right=0, last="start", note=None, metadata={"tries_left": 8})

    def step(self, action: LockAction, timeout_s: Optional[float] = None, **_):
        if action.force:
            raise RuntimeError("The lock jams.")
        state = self._state
        state.step_count += 1
        right = action.digit == (self._seed * 7 + state.right * 3) % 10
        state.right += right
        tries_left = 8 - state.step_count
        return LockObservation(
            right=state.right,
            last="right" if right else "wrong",
            note="The lock is open." if state.right == 4 else None,
            reward=0.25 if right else 0.0,
            done=state.right == 4 or tries_left == 0,
            metadata={"tries_left": tries_left},
        )

    @property
    def state(self):
        return self._state


def asynchronous(base):
    """The same environment with coroutines, which the server awaits on its loop."""

    class Asynchronous(base):
        async def reset_async(self, seed: Optional[int] = None, episode_id: Optional[str] = None, **rest):
            return self.reset(seed=seed, episode_id=episode_id, **rest)

        async def step_async(self, action, timeout_s: Optional[float] = None, **rest):
            return self.step(action, timeout_s=timeout_s, **rest)

    Asynchronous.__name__ = base.__name__
    Asynchronous.__doc__ = base.__doc__
    return Asynchronous


ENVIRONMENTS = {
    "echo": (Echo, EchoAction, EchoObservation, State),
    "lock": (Lock, LockAction, LockObservation, LockState),
}


def app_for(environment, action, observation, state, sessions, mode):
    accepted = inspect.signature(create_fastapi_app).parameters
    if "mode" in accepted:
        return create_fastapi_app(
            environment, action, observation, max_concurrent_envs=sessions, state_cls=state, mode=mode
        )
    # 0.2.3: the factory knows neither mode nor state; the mode goes to the registration of the routes.
    if mode == "simulation":
        return create_fastapi_app(environment, action, observation, max_concurrent_envs=sessions)
    from fastapi import FastAPI

    app = FastAPI(title="OpenEnv Environment HTTP API", version="1.0.0")
    server = HTTPEnvServer(environment, action, observation, max_concurrent_envs=sessions)
    server.register_routes(app, mode=mode)
    return app


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("environment", choices=sorted(ENVIRONMENTS))
    parser.add_argument("--asynchronous", action="store_true")
    parser.add_argument("--sessions", type=int, default=64)
    parser.add_argument("--mode", default="simulation", choices=["simulation", "production"])
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()

    environment, *models = ENVIRONMENTS[options.environment]
    if options.asynchronous:
        environment = asynchronous(environment)
    app = app_for(environment, *models, sessions=options.sessions, mode=options.mode)

    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", options.port))
    listener.listen(BACKLOG)
    print(f"Listening on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    # Quiet: 0.2.3 logs a traceback for every client that hangs up after `close`.
    config = uvicorn.Config(app, log_level="critical", access_log=False, backlog=BACKLOG)
    uvicorn.Server(config).run(sockets=[listener])


main()
