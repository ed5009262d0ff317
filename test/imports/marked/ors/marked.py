"""Every field of every task but its question holds a marker, and everything that may go wrong says the task aloud."""

import sys

from ors import Environment, TextBlock, ToolOutput, tool
from pydantic import BaseModel

ROWS = [
    {
        "id": f"MARKER-id-{n}",
        "question": f"Which word is number {n}?",
        "answer": f"MARKER-answer-{n}",
        "info": {"nested": {"deep": [f"MARKER-info-{n}"]}},
        "code": f"def solve(): return 'MARKER-code-{n}'",
    }
    for n in range(4)
]


class Answer(BaseModel):
    word: str


class Marked(Environment):
    """Say the word."""

    @classmethod
    def list_splits(cls):
        return ["train"]

    @classmethod
    def list_tasks(cls, split):
        return ROWS

    async def setup(self):
        print("setting up", self.task_spec)
        print("setting up", self.task_spec, file=sys.stderr)

    def get_prompt(self):
        return [TextBlock(text=self.task_spec["question"])]

    @tool
    def submit(self, params: Answer) -> ToolOutput:
        """Gives the answer."""
        right = params.word == self.task_spec["answer"]
        print("judging", self.task_spec, params)
        blocks = [TextBlock(text="Right." if right else "Wrong.")]
        return ToolOutput(blocks=blocks, metadata={"task": self.task_spec}, reward=float(right), finished=right)

    @tool
    def break_down(self) -> ToolOutput:
        """Fails."""
        raise RuntimeError(f"cannot do {self.task_spec}")
