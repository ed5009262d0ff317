"""Sums, with an MCP server of its own to do them with."""

import sys
from pathlib import Path

from datasets import Dataset

import verifiers as vf
from verifiers.envs.experimental.mcp_env import MCPEnv

SUMS = [(17, 25), (140, 9), (66, 66)]


async def right(completion, answer) -> float:
    return 1.0 if (completion[-1]["content"] or "").strip() == answer else 0.0


def load_environment() -> vf.Environment:
    rows = [{"question": f"What is {a} + {b}?", "answer": str(a + b)} for a, b in SUMS]
    server = {"name": "adder", "command": sys.executable, "args": [str(Path(__file__).with_name("adder.py"))]}
    return MCPEnv(mcp_servers=[server], max_turns=4, dataset=Dataset.from_list(rows), rubric=vf.Rubric(funcs=[right]))
