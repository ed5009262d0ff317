"""A rubric that asks a judge model, and a reward function that raises on some completions."""

import verifiers as vf
from datasets import Dataset


async def polite(judge, prompt, completion, answer, state) -> float:
    return 1.0 if "yes" in (await judge(prompt, completion, answer, state)).lower() else 0.0


def length(completion) -> float:
    if "trouble" in completion[-1]["content"]:
        raise KeyError("trouble")
    return len(completion[-1]["content"]) / 100


def load_environment(judged: bool = True) -> vf.Environment:
    rubric = vf.JudgeRubric() if judged else vf.Rubric()
    if judged:
        rubric.add_reward_func(polite)
    rubric.add_reward_func(length)
    return vf.SingleTurnEnv(dataset=Dataset.from_list([{"question": "Say hello.", "answer": "hello"}] * 4), rubric=rubric)
