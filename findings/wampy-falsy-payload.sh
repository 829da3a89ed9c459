#!/usr/bin/env bash
# Software: wampy 8.0.2, npm.
# Expected: `publish('a.topic', 0)` sends the arguments `[0]` as `publish('a.topic', 1)` sends `[1]`, and a procedure that
#           returns false gives its caller false.
# Instead:  a payload of 0, false or '' is dropped without an error, in events, calls and results. A caller cannot tell a
#           procedure that answers "no" from one that answers nothing. A list, as in `[0]`, arrives intact.
# Seen:     the lines at the end of this script.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages wampy@8.0.2 ws@8.23.0
mini_router

cat > try.mjs <<'JS'
import { Wampy } from 'wampy'
import { WebSocket } from 'ws'
import { router, see } from './mini-router.mjs'

const { url, heard } = await router()
const wampy = new Wampy(url, { ws: WebSocket, realm: 'realm1' })
await wampy.connect()
for (const payload of [1, 0, true, false, 'text', '', [0]]) {
  await wampy.publish('a.topic', payload)
  see('published', payload, '- sent', heard.at(-1).slice(4))
}
await wampy.register('is.allowed', () => false)
const { argsList } = await wampy.call('is.allowed')
see('returned false - sent', heard.at(-1).slice(3), `- received ${argsList}`)
process.exit()
JS
run node try.mjs

expect seen <<'SEEN'
published 1 - sent [[1]]
published 0 - sent []
published true - sent [[true]]
published false - sent []
published text - sent [["text"]]
published  - sent []
published [0] - sent [[0]]
returned false - sent [] - received undefined
SEEN
