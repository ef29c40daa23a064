#!/bin/sh
# Re-creates every lock: hashes, no addresses, so that any mirror serves and none is trusted.
# Later locks are constrained by earlier ones: what is tested is what runs.
set -eu
python=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'uv==0.13.9'

compile() {
    "$folder/venv/bin/uv" pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
        --no-header --no-annotate "$@"
}
compile pyproject.toml -o requirements/run.lock
compile pyproject.toml --extra postgresql -c requirements/run.lock -o requirements/postgresql.lock
compile --group build -c requirements/run.lock -o requirements/build.lock
compile pyproject.toml --extra postgresql --group dev -c requirements/run.lock -c requirements/postgresql.lock -c requirements/build.lock -o requirements/dev.lock
compile --group node -o requirements/node.lock

npm install --package-lock-only --ignore-scripts --no-audit --no-fund
# npm copies the "funding" links of every package into the lock; they are the only addresses left in it. And PDF.js would draw
# in node with a native canvas, which nobody does here, and of which a mirror need not have what is for other machines.
node --input-type=module -e '
  import {readFileSync, writeFileSync} from "node:fs";
  const lock = JSON.parse(readFileSync("package-lock.json", "utf8"));
  for (const [name, entry] of Object.entries(lock.packages)) {
    delete entry.funding;
    delete entry.optionalDependencies?.["@napi-rs/canvas"];
    if (name.startsWith("node_modules/@napi-rs/canvas")) delete lock.packages[name];
  }
  writeFileSync("package-lock.json", JSON.stringify(lock, null, 2) + "\n");
'
