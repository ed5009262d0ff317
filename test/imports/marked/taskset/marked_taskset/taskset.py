"""Every field of every task but its prompt holds a marker."""

import verifiers.v1 as vf


class MarkedData(vf.TaskData):
    answer: str
    info: dict
    code: str


class MarkedTask(vf.Task[MarkedData]):
    @vf.reward
    async def right_word(self, task: MarkedData, trace: vf.Trace) -> float:
        print("judging", task)
        return float(trace.last_reply == task.answer)


class MarkedTaskset(vf.Taskset[MarkedTask, vf.TasksetConfig]):
    def load(self):
        for n in range(4):
            data = MarkedData(
                id=f"MARKER-id-{n}",
                name=f"MARKER-name-{n}",
                description=f"MARKER-description-{n}",
                prompt=f"Which word is number {n}?",
                answer=f"MARKER-answer-{n}",
                info={"nested": {"deep": [f"MARKER-info-{n}"]}},
                code=f"def solve(): return 'MARKER-code-{n}'",
            )
            yield MarkedTask(data, self.config.task)
