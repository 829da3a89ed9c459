#!/usr/bin/env bash
# Software: wampy 8.0.2, npm.
# Expected: the larger of the two bundles for browsers, `wampy-all`, holds the client together with its serializers and its
#           methods of authentication, and defines `Wampy` as the smaller one does.
# Instead:  `wampy-all` defines the serializers and the module for cryptosign, and no client at all. A page needs both
#           bundles.
# Seen:     the lines at the end of this script: what each bundle adds to the global object.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages wampy@8.0.2

cat > try.mjs <<'JS'
import { readFileSync } from 'node:fs'
import { createContext, runInContext } from 'node:vm'

for (const name of ['wampy.min.js', 'wampy-all.min.js']) {
  const page = createContext({ TextEncoder, TextDecoder, URL })
  const before = new Set(runInContext('Object.getOwnPropertyNames(globalThis)', page))
  runInContext(readFileSync(`node_modules/wampy/dist/browser/${name}`, 'utf8'), page)
  const added = runInContext('Object.getOwnPropertyNames(globalThis)', page).filter((key) => !before.has(key) && !key.startsWith('__'))
  console.log(`${name}: ${added.sort().join(', ')}`)
}
JS
timeout 60 node try.mjs > seen

expect seen <<'SEEN'
wampy.min.js: Wampy
wampy-all.min.js: CborSerializer, JsonSerializer, MsgpackSerializer, WampyCryptosign
SEEN
