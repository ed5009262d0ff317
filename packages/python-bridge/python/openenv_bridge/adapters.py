"""Which adapter a source gets."""

from __future__ import annotations

from .contract import EntryPoint, Source, SourceError


def adapter_of(entry: EntryPoint) -> Source:
    """The adapter for a kind of source; imports the library only now."""
    if entry.kind == "ors":
        from .ors import OrsSource

        return OrsSource(entry)
    if entry.kind == "verifiers":
        from .verifiers_v0 import VerifiersSource

        return VerifiersSource(entry)
    if entry.kind == "verifiers-v1":
        from .verifiers_v1 import TasksetSource

        return TasksetSource(entry)
    raise SourceError(f"There is no adapter for sources of the kind {entry.kind!r}.")
