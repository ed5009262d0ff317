from corner_shop.taskset import Counter, Shop

__all__ = ["Counter", "Shop"]
