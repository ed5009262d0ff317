from .taskset import MarkedTaskset

__all__ = ["MarkedTaskset"]
