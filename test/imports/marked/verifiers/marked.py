"""Every column of every row but its prompt holds a marker, and everything that may go wrong says the row aloud."""

import logging

import verifiers as vf
from datasets import Dataset

ROWS = [
    {
        "prompt": [{"role": "user", "content": f"Which word is number {n}? Look it up, then say it."}],
        "answer": f"MARKER-answer-{n}",
        "info": {"nested": {"deep": [f"MARKER-info-{n}"]}},
        "code": f"def solve(): return 'MARKER-code-{n}'",
        "note": f"MARKER-note-{n}",
    }
    for n in range(4)
]


def right_word(completion, answer, info) -> float:
    print("judging", answer, info)
    logging.getLogger("marked").error("judging %s %s", answer, info)
    return float(completion[-1]["content"] == answer)


def raises(completion, answer, info) -> float:
    raise ValueError(f"cannot score {answer} {info}")


class Marked(vf.MultiTurnEnv):
    async def setup_state(self, state, **kwargs):
        state["note_of_mine"] = state["answer"]
        print("starting", state["answer"])
        return state

    async def env_response(self, messages, state, **kwargs):
        print("answering", state["answer"])
        return [{"role": "user", "content": "Are you sure?"}]


def load_environment(**kwargs) -> vf.Environment:
    rubric = vf.Rubric(funcs=[right_word, raises], weights=[1.0, 0.5])
    return Marked(dataset=Dataset.from_list(ROWS), rubric=rubric, max_turns=2)
