#!/usr/bin/env bash
# The mistakes that docs/mcp.md lists, made on purpose: each prints what its maker sees.
#   with_mcp.sh GOOD WITH_TOKEN WITHOUT_EPISODES
set -uo pipefail
good=$1 closed=$2 empty=$3
play() { node --import jiti/register examples/mcp_client.ts "$1"; }

play "$empty/mcp"
address=$(curl -s "$good/sessions" -d '{"seed": 7}' | jq -r .agent_url)
play "$address"
play "$address"
curl -s "$good/agent/not-the-address-of-anything/mcp" -d '{}' | jq -r .detail
curl -s "$closed/mcp" -d '{}' | jq -r .detail
curl -s "$good/mcp" -d '{}' -H 'Host: envs.example.com' | jq -r .detail
curl -s "$good/mcp" -d '{}' -H 'Mcp-Session-Id: of-yesterday'
