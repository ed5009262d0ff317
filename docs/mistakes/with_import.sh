#!/usr/bin/env bash
# The mistakes that docs/import.md lists, made on purpose: each prints what its maker sees.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/two" "$work/none"
printf 'import verifiers\ndef load_environment(): ...\n' >"$work/two/one.py"
cp "$work/two/one.py" "$work/two/other.py"
echo 'print("hello")' >"$work/none/hello.py"
openenv import "$work/two" --name two --output-dir "$work/out"
openenv import "$work/none" --name none --output-dir "$work/out"
openenv import test/imports/fixtures/library-desk --name desk --output-dir "$work/out" --no-lock >/dev/null
sed -i 's/requires: .>=3.10[^,]*,/requires: ">=3.99",/' "$work/out/desk/src/index.ts"
openenv tasks "$work/out/desk"
sed -i 's/requires: ">=3.99",/requires: ">=3.10",/' "$work/out/desk/src/index.ts"
for list in "$work"/out/desk/python/*; do echo 'no-such-package-anywhere-at-all' >"$list"; done
openenv tasks "$work/out/desk"
