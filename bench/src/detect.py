"""Detects the environments of a folder with Python's own parser, every file of it, and prints how many there are."""

import ast
import os
import sys

BASES = {
    f"{module}.Environment"
    for module in ("ors", "ors.environment", "openreward.environments", "openreward.environments.environment", "openreward")
}


def names_of(tree):
    """What the imports of a module mean by their names."""
    names = {}
    for node in tree.body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.split(".")[0]] = alias.name if alias.asname else alias.name.split(".")[0]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def dotted(node):
    parts = []
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        if isinstance(node, ast.Attribute):
            parts.append(node.attr)
        node = node.value
    return [node.id, *reversed(parts)] if isinstance(node, ast.Name) else []


def environments(tree):
    names = names_of(tree)
    found = 0
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            for base in node.bases:
                head, *rest = dotted(base) or [""]
                found += ".".join([names.get(head, head), *rest]) in BASES
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == "load_environment":
            found += any(name.split(".")[0] == "verifiers" for name in names.values())
    return found


found = 0
for folder, folders, files in os.walk(sys.argv[1]):
    folders[:] = [each for each in folders if each not in (".git", ".venv", "__pycache__", "node_modules", "build", "dist")]
    for name in files:
        if not name.endswith(".py"):
            continue
        try:
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                found += environments(ast.parse(file.read()))
        except (SyntaxError, UnicodeDecodeError, ValueError, RecursionError):
            pass
print(found)
