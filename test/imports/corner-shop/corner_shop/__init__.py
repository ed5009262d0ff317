from corner_shop.taskset import Shop

__all__ = ["Shop"]
