#!/usr/bin/env bash
# Software: Crossbar.io 26.10.1, PyPI.
# Expected: `crossbar check` rejects a node configuration that the node cannot start with, as it does for unknown keys and wrong types. Names of realms
#           have a documented form.
# Instead:  it does not look at the names of realms: "node configuration looks good", with exit code 0. The node only rejects the name when it has started
#           the worker.
# Seen:     the lines at the end of this script.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
pip_packages crossbar==26.10.1

mkdir .crossbar
cat > .crossbar/config.json <<JSON
{
  "version": 2,
  "workers": [{
    "type": "router",
    "realms": [{ "name": "my realm", "roles": [{ "name": "anonymous", "permissions": [] }] }],
    "transports": [{ "type": "websocket", "endpoint": { "type": "tcp", "interface": "127.0.0.1", "port": $(free_port) } }]
  }]
}
JSON
code=0
python/bin/crossbar check --cbdir .crossbar > check.log 2>&1 || code=$?
echo "check: $(grep -o 'node configuration looks good' check.log || true), exit code $code" >> seen

python/bin/crossbar start --cbdir .crossbar > start.log 2>&1 &
background+=($!)
for _ in $(seq 120); do
  grep -q -e 'not a valid WAMP realm name' -e NODE_BOOT_COMPLETE start.log && break
  sleep 0.5
done
echo "start: $(grep -o 'the name ".*" is not a valid WAMP realm name' start.log | head -n 1)" >> seen

expect seen <<'SEEN'
check: node configuration looks good, exit code 0
start: the name "my realm" is not a valid WAMP realm name
SEEN
