#!/usr/bin/env bash
# The command, from serving to scores. Run it anywhere below the repository, after `npm ci`.
set -euo pipefail
cd "$(dirname "$0")"
# What `npx openenv` finds; without npx between, a signal reaches the server.
PATH=$PWD/../node_modules/.bin:$PATH
runs=$(mktemp -d)
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null || true; rm -rf "$runs"' EXIT

# Serve a TypeScript file as it is. The first line says where.
openenv serve ./guess.ts --port 0 >"$runs/serve.log" &
server=$!
until url=$(sed -n 's/^Listening on //p' "$runs/serve.log") && [ -n "$url" ]; do
  kill -0 "$server" && sleep 0.1
done

# What is there?
openenv info "$url"

# A hundred episodes over the wire by a policy that knows only the action's schema.
openenv eval "$url" --policy random --repeats 100 --out "$runs/random" --json >"$runs/eval.json"
node -e '
  const { env, policy, episodes, mean, outcomes } = JSON.parse(require("node:fs").readFileSync(process.argv[1]))
  console.log({ env, policy, episodes, mean, outcomes })
  if (episodes !== 100 || outcomes.completed !== 100 || !(mean > 0 && mean < 0.25)) process.exit(1)
' "$runs/eval.json"

# A run is a folder of plain files. `replay` plays it again and compares every byte.
[ "$(wc -l <"$runs/random/episodes.jsonl")" -eq 100 ]
openenv replay "$runs/random" --env "$url"

# A mistake is one line that says what to do, and exit code 2.
status=0
openenv eval ./gues.ts || status=$?
[ "$status" -eq 2 ]
echo ok
