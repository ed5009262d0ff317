"""Keeps its count in the module: right with one session in a process, and wrong with two."""

from ors import Environment, TextBlock, ToolOutput, tool

COUNT = {"calls": 0}


class Counting(Environment):
    @classmethod
    def list_splits(cls):
        return ["train"]

    @classmethod
    def list_tasks(cls, split):
        return [{"goal": 3}]

    def get_prompt(self):
        return [TextBlock(text="Call three times.")]

    @tool
    def count(self) -> ToolOutput:
        """Counts one more."""
        COUNT["calls"] += 1
        done = COUNT["calls"] == self.task_spec["goal"]
        return ToolOutput(blocks=[TextBlock(text=str(COUNT["calls"]))], reward=float(done), finished=done)
