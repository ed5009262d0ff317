"""Writes src/requirements/verifiers-surface.ts: which modules and names the releases of verifiers differ in.

    pip download --no-deps -d WHEELS verifiers==VERSION     # for each release below
    python3 scripts/verifiers-surface.py WHEELS > src/requirements/verifiers-surface.ts

It reads the syntax trees of the wheels and runs nothing of them.
"""

import ast
import sys
import zipfile
from pathlib import Path

CLASSIC = ["0.1.11", "0.1.12", "0.1.14", "0.2.0", "0.2.1", "0.3.0", "0.3.1"]
TASKSETS = ["0.3.1", "0.4.0"]


def surface(wheel: Path) -> set[str]:
    """Dotted names that can be imported: modules, and the public names that they bind."""
    archive = zipfile.ZipFile(wheel)
    modules = {}
    for path in archive.namelist():
        if not path.startswith("verifiers/") or not path.endswith(".py"):
            continue
        name = path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        modules[name] = ast.parse(archive.read(path))
    names: dict[str, set[str]] = {}

    def bound(module: str) -> set[str]:
        if module in names:
            return names[module]
        found = names[module] = set()
        package = module if any(other.startswith(module + ".") for other in modules) else module.rpartition(".")[0]
        for node in statements(modules[module]):
            if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                found.add(node.name)
            elif isinstance(node, ast.ImportFrom):
                origin = node.module or ""
                if node.level:
                    parts = package.split(".")
                    origin = ".".join(parts[: len(parts) - node.level + 1] + ([origin] if origin else []))
                if not origin.startswith("verifiers"):
                    continue
                for alias in node.names:
                    if alias.name == "*" and origin in modules:
                        found |= bound(origin)
                    else:
                        found.add(alias.asname or alias.name)
            elif isinstance(node, (ast.Assign, ast.AnnAssign)):
                for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                    if isinstance(target, ast.Name):
                        if target.id[:1].isupper():
                            found.add(target.id)
                        if target.id in ("__all__", "_LAZY_IMPORTS", "_LAZY"):
                            found |= {each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str) and each.value.isidentifier()}
        return found

    result = set(modules)
    for module in list(modules):
        result |= {f"{module}.{name}" for name in bound(module) if not name.startswith("_")}
    # What lives in `verifiers.legacy` answers to its old name.
    return result | {name.replace("verifiers.legacy.", "verifiers.", 1) for name in result if name.startswith("verifiers.legacy.")}


def statements(tree: ast.AST):
    """The statements of a module and of its branches, nothing from inside functions and classes."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.stmt):
            yield node
            if not isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                yield from statements(node)
        elif isinstance(node, (ast.ExceptHandler, ast.match_case)):
            yield from statements(node)


def differing(releases: list[str], surfaces: dict[str, set[str]], wanted) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for name in sorted(set().union(*(surfaces[release] for release in releases))):
        having = [release for release in releases if name in surfaces[release]]
        above = [release for release in releases if name.rpartition(".")[0] in surfaces[release]]
        # What a module lacks goes without saying where there is no such module.
        if wanted(name) and len(having) < len(releases) and having != above:
            groups.setdefault(" ".join(having), []).append(name)
    return groups


def main() -> None:
    wheels = Path(sys.argv[1])
    surfaces = {v: surface(wheels / f"verifiers-{v}-py3-none-any.whl") for v in {*CLASSIC, *TASKSETS}}
    ours = lambda name: not name.startswith("verifiers.legacy")  # noqa: E731
    classic = differing(CLASSIC, surfaces, lambda name: ours(name) and not name.startswith(("verifiers.v1", "verifiers.cli", "verifiers.scripts", "verifiers.rl", "verifiers.gepa")))
    tasksets = differing(TASKSETS, surfaces, lambda name: name.startswith("verifiers.v1") and not name.startswith("verifiers.v1.cli"))
    print("// Made by scripts/verifiers-surface.py out of the wheels on the index.\n")
    for constant, releases, groups, what in (
        ("CLASSIC", CLASSIC, classic, "the classic library, which has `load_environment`"),
        ("TASKSETS", TASKSETS, tasksets, "`verifiers.v1` as it is now"),
    ):
        print(f"/** Releases of {what} that can be played here, oldest first. */")
        print(f"export const {constant}_RELEASES = [{', '.join(repr(r) for r in releases)}] as const\n")
        print("/** By the releases that have them: modules and names that not all of these releases have, behind `verifiers.` */")
        print(f"export const {constant}_DIFFERENCES: Readonly<Record<string, string>> = {{")
        for having, names in groups.items():
            print(f"  {having!r}:\n    {' '.join(n.removeprefix('verifiers.') for n in names)!r},")
        print("}\n")


main()
