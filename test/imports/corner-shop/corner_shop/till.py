"""A tool server: the library starts it as a process of its own, and keeps its state with the episode."""

import verifiers.v1 as vf

PRICES = {"tea": 3, "jam": 5, "salt": 1, "rice": 4}


class Basket(vf.State):
    bought: list[str] = []


class Till(vf.Toolset[vf.ToolsetConfig, Basket]):
    TOOL_PREFIX = "till"

    @vf.tool
    async def price(self, item: str) -> str:
        """Says what an item costs."""
        return str(PRICES[item])

    @vf.tool
    async def buy(self, item: str) -> str:
        """Buys an item."""
        self.state.bought = [*self.state.bought, item]
        return f"{len(self.state.bought)} in the basket"


if __name__ == "__main__":
    Till.run()
