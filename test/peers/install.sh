#!/usr/bin/env bash
# Makes one Python environment per peer in .venvs/, from the pinned lists in requirements/, which are whole:
# nothing that they do not name is installed.
# Does nothing for those that are there already. Needs Python 3.10 or newer (openreward: 3.11); uses uv where it is
# installed. A list may say which Python it needs and what it provides: "# Needs Python 3.11", "# Provides openreward".
#
#   test/peers/install.sh                  all of them
#   test/peers/install.sh openenv-0.10.0   only these
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
venvs=$(cd "$here/../.." && pwd)/.venvs
mkdir -p "$venvs"

# Two test runs may start at once; the second waits and then finds everything there.
if command -v flock >/dev/null; then
  exec 9>"$venvs/.lock"
  flock 9
fi

find_python() {
  local candidate least=$1
  for candidate in "${PYTHON:-python3}" python3.13 python3.12 python3.11 python3.10; do
    if "$candidate" -c "import sys; sys.exit(sys.version_info < (${least/./, }))" 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  echo "No Python $least or newer: install one, or name it in PYTHON." >&2
  return 1
}

# What a list says of itself in a comment.
said() {
  sed -n "s/^# $2 \([^ ]*\)\$/\1/p" "$1"
}

install() {
  local name=$1 list="$here/requirements/$1.txt" venv="$venvs/$1" hash
  if [ ! -f "$list" ]; then
    echo "No such peer: $name. There are: $(cd "$here/requirements" && ls | sed 's/\.txt$//' | paste -sd' ')." >&2
    return 2
  fi
  hash=$(cat "$list" "${BASH_SOURCE[0]}" | cksum)
  if [ -x "$venv/bin/python" ] && [ "$(cat "$venv/.requirements" 2>/dev/null)" = "$hash" ]; then return; fi

  echo "Installing $name into .venvs/$name …" >&2
  rm -rf "$venv"
  local python least provides
  least=$(said "$list" 'Needs Python')
  provides=$(said "$list" 'Provides')
  python=$(find_python "${least:-3.10}")
  if command -v uv >/dev/null; then
    uv venv --quiet --python "$python" "$venv"
    uv pip install --quiet --no-deps --compile-bytecode --python "$venv/bin/python" --requirement "$list"
  else
    "$python" -m venv "$venv" || {
      echo "Python cannot make environments: install its venv module (Debian: apt-get install python3-venv)." >&2
      return 1
    }
    "$venv/bin/python" -m pip install --quiet --no-deps --disable-pip-version-check --requirement "$list"
  fi
  "$venv/bin/python" -c "import ${provides:-openenv.core}"
  # Last: a half-made environment has no stamp and is made again.
  echo "$hash" >"$venv/.requirements"
}

if [ $# -eq 0 ]; then
  for list in "$here"/requirements/*.txt; do install "$(basename "$list" .txt)"; done
else
  for name in "$@"; do install "$name"; done
fi
