from collections.abc import Iterator

import verifiers.v1 as vf

from corner_shop.till import PRICES, Basket, Till


class ShopData(vf.TaskData):
    item: str


class ShopTask(vf.Task[ShopData, Basket]):
    @classmethod
    def toolsets(cls, config: vf.TaskConfig) -> list[vf.Toolset]:
        return [Till(vf.ToolsetConfig())]

    @vf.reward
    async def bought_it(self, task: ShopData, trace: vf.Trace) -> float:
        bought = trace.state.bought
        return bought.count(task.item) / len(bought) if bought else 0.0


class Shop(vf.Taskset[ShopTask, vf.TasksetConfig]):
    def load(self) -> Iterator[ShopTask]:
        for idx, (item, price) in enumerate(PRICES.items()):
            yield ShopTask(ShopData(idx=idx, prompt=f"Buy what costs {price}.", item=item), self.config.task)


class CounterConfig(vf.EnvConfig):
    shopper: vf.AgentConfig = vf.AgentConfig(max_turns=8)


class Counter(vf.Env[CounterConfig]):
    """Asks once more, when the shopper is done."""

    async def run(self, task, agents):
        async with agents.shopper.interaction(task) as visit:
            first = await visit.turn()
            if not first.terminated:
                await visit.turn("Anything else?")
