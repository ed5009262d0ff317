"""Where a source's modules are looked for, and how the one with its entry point is loaded."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import sysconfig
from pathlib import Path
from types import ModuleType
from typing import Any

from .contract import SourceError


def make_importable(paths: list[str], *, as_script: bool) -> None:
    """Puts a source's folders on the module path, for this process and for what the source starts: tool servers for one.

    Of a source that is run `as_script` they come first, as the folder of a script does. Others are installed by their own
    tools, so they come behind Python's own library: a `statistics.py` of the source is not what a library imports.
    """
    at = 0 if as_script else _behind_standard_library()
    sys.path[at:at] = paths
    inherited = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([*paths, *([inherited] if inherited else [])])


def entry_attribute(module: str, attribute: str, paths: list[str]) -> Any:
    """What the entry point names; None where the module has no such attribute."""
    return vars(_imported(module, paths)).get(attribute) if _is_standard(module) else getattr(importlib.import_module(module), attribute, None)


def _behind_standard_library() -> int:
    places = {os.path.realpath(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")}
    inside = [
        at
        for at, entry in enumerate(sys.path)
        if os.path.realpath(entry) in places or os.path.basename(entry) == "lib-dynload" or entry.endswith(".zip")
    ]
    return max(inside, default=-1) + 1


def _is_standard(module: str) -> bool:
    return module.partition(".")[0] in sys.stdlib_module_names


def _imported(module: str, paths: list[str]) -> ModuleType:
    """A module of the source whose name one of the standard library has, by its path."""
    head, _, rest = module.partition(".")
    file = next((each for path in paths for each in (Path(path, f"{head}.py"), Path(path, head, "__init__.py")) if each.is_file()), None)
    if file is None:
        raise SourceError(f"There is no module {module} in the source; the one of Python's own library is something else.")
    own = sys.modules.get(head)
    if not isinstance(own, _Namesake):
        own = _namesake(head, file)
    return importlib.import_module(module) if rest else own


def _namesake(name: str, file: Path) -> "_Namesake":
    standard = importlib.import_module(name)
    package = file.name == "__init__.py"
    spec = importlib.util.spec_from_file_location(name, file, submodule_search_locations=[str(file.parent)] if package else None)
    assert spec is not None and spec.loader is not None
    own = _Namesake(name, standard)
    vars(own).update(__spec__=spec, __file__=str(file), __loader__=spec.loader, __package__=name if package else "")
    search = [*([str(file.parent)] if package else []), *getattr(standard, "__path__", [])]
    if search:
        vars(own)["__path__"] = search
    sys.modules[name] = own
    try:
        spec.loader.exec_module(own)
    except BaseException:
        sys.modules[name] = standard
        raise
    return own


class _Namesake(ModuleType):
    """A module of the source under the name of one of the standard library.

    Who imports it by that name gets what the standard one has, and beside it what only the source's has. So neither
    the source nor a library that imports the name later finds the other's things.
    """

    def __init__(self, name: str, standard: ModuleType) -> None:
        super().__init__(name)
        vars(self)["__standard__"] = standard

    def __getattribute__(self, name: str) -> Any:
        get = super().__getattribute__
        if name.startswith("__"):
            return get(name)
        try:
            return getattr(get("__dict__")["__standard__"], name)
        except AttributeError:
            return get(name)
