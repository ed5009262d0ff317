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
