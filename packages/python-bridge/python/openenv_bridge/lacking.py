"""What a source lacks, read off the exception that it raised: a module, a variable, data. The other side says what to do."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

NO_KEY = "no-key-was-given"
"""Stands in `OPENAI_API_KEY` where none was given, so that what only makes a client can be loaded."""

_MOST_CAUSES = 20
_MOST_MEMBERS = 5
_MOST_DEPTH = 4
_MOST_TEXT = 600
_INSTALL = re.compile(r"pip install\s+(?:-\S+\s+)*[`'\"]?([A-Za-z0-9][\w.-]*(?:\[[\w,.\s-]+\])?)")
_VARIABLE = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_(?:KEY|TOKEN|SECRET|PASSWORD|URL|ENDPOINT)\b")
_ESCAPE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")
_NLTK = re.compile(r"Resource\s+'?([\w./-]+?)'?\s+not found")
_DATASET = re.compile(r"(?:'|\")([\w.-]+/[\w.-]+)(?:'|\")")
_HUB_ERRORS = ("GatedRepoError", "RepositoryNotFoundError", "HfHubHTTPError", "LocalEntryNotFoundError", "DatasetNotFoundError", "OfflineModeIsEnabled")


def members_of(error: BaseException) -> tuple[BaseException, ...]:
    """The exceptions that a group holds; also one of the package `exceptiongroup`, which older libraries raise."""
    members = getattr(error, "exceptions", None)
    if isinstance(members, (tuple, list)) and all(isinstance(each, BaseException) for each in members):
        return tuple(members)
    return ()


def text_of(error: BaseException, depth: int = 0) -> str:
    """An exception's text; of a group with those of its members, as far down as people read."""
    text = str(error)
    members = members_of(error)
    if not members or depth == _MOST_DEPTH:
        return text
    said = [f"{type(each).__name__}: {text_of(each, depth + 1)}".removesuffix(": ") for each in members[:_MOST_MEMBERS]]
    more = len(members) - _MOST_MEMBERS
    return f"{text}: {'; '.join(said)}{f'; and {more} more' if more > 0 else ''}"


def tidy(text: str) -> str:
    """A text as one line without escapes and rules, cut off where it becomes long."""
    line = " ".join(re.sub(r"\*{5,}|={5,}|-{5,}", " ", _ESCAPE.sub("", text)).split())
    return line if len(line) <= _MOST_TEXT else f"{line[:_MOST_TEXT]}…"


def lacking(error: BaseException) -> dict[str, Any]:
    """What is missing, by kind: `module`, `imported_from`, `package`, `variables`, `hub`, `nltk`; empty where the exception does not say."""
    found: dict[str, Any] = {}
    for each in _causes(error):
        text = _ESCAPE.sub("", str(each))
        if isinstance(each, ModuleNotFoundError) and each.name:
            found.setdefault("module", each.name)
        elif isinstance(each, ImportError) and each.name:
            found.setdefault("imported_from", each.name)
        if isinstance(each, (ImportError, AttributeError)) and (install := _INSTALL.search(text)):
            found.setdefault("package", install[1])
        if variables := _variables(each, text):
            found.setdefault("variables", variables)
        if isinstance(each, LookupError) and "NLTK" in text and (resource := _NLTK.search(text)):
            found.setdefault("nltk", resource[1])
        if type(each).__name__ in _HUB_ERRORS or " on the Hub" in text:
            name = _DATASET.search(text)
            found.setdefault("hub", name[1] if name else "")
    return found


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception, what caused it, and what is in groups; each once."""
    pending, seen = [error], set[int]()
    while pending and len(seen) < _MOST_CAUSES:
        each = pending.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        pending += members_of(each)[:_MOST_MEMBERS]
        pending += [cause for cause in (each.__cause__, None if each.__suppress_context__ else each.__context__) if cause is not None]


def _variables(error: BaseException, text: str) -> list[str]:
    """Names of environment variables that were asked for and are not set."""
    keys = getattr(error, "keys", None)
    if type(error).__name__ == "MissingKeyError" and isinstance(keys, list):
        return [str(key) for key in keys]
    if isinstance(error, KeyError) and error.args and _raised_by_environ(error):
        return [str(error.args[0])]
    return [name for name in dict.fromkeys(_VARIABLE.findall(text)) if os.environ.get(name, NO_KEY) in ("", NO_KEY)]


def _raised_by_environ(error: BaseException) -> bool:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and isinstance(trace.tb_frame.f_locals.get("self"), type(os.environ))
