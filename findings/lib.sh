# Sourced by the scripts in this folder. Makes a temporary folder, which is the working directory from then on
# and is removed at exit, and provides the functions below.

here=$(mktemp -d)
background=()
clean_up () {
  for pid in "${background[@]}"; do kill "$pid" 2> /dev/null || true; done
  wait 2> /dev/null || true
  rm -rf "$here"
}
trap clean_up EXIT
cd "$here"

# npm_packages NAME@VERSION... : installs exactly these.
npm_packages () {
  echo '{ "private": true }' > package.json
  npm install --save-exact --no-audit --no-fund --loglevel=error "$@" > npm.log 2>&1 || { cat npm.log; exit 1; }
  printf 'installed: %s\n' "$*"
}

# pip_packages NAME==VERSION... : installs exactly these into ./python.
pip_packages () {
  python3 -m venv python
  python/bin/pip install --quiet --disable-pip-version-check "$@" > pip.log 2>&1 || { cat pip.log; exit 1; }
  printf 'installed: %s\n' "$*"
}

# free_port : prints a port that nobody listens on.
free_port () {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# crossbar_router : installs Crossbar.io 26.10.1 and starts it at $router_url, with a realm `realm1` in which anonymous
# sessions may do everything.
crossbar_router () {
  pip_packages crossbar==26.10.1
  local port
  port=$(free_port)
  router_url="ws://127.0.0.1:$port"
  mkdir .crossbar
  cat > .crossbar/config.json <<JSON
{
  "version": 2,
  "workers": [{
    "type": "router",
    "realms": [{
      "name": "realm1",
      "roles": [{
        "name": "anonymous",
        "permissions": [{
          "uri": "", "match": "prefix",
          "allow": { "call": true, "register": true, "publish": true, "subscribe": true }
        }]
      }]
    }],
    "transports": [{
      "type": "websocket", "id": "transport1", "serializers": ["json"],
      "endpoint": { "type": "tcp", "interface": "127.0.0.1", "port": $port }
    }]
  }]
}
JSON
  python/bin/crossbar start --cbdir .crossbar > crossbar.log 2>&1 &
  background+=($!)
  for _ in $(seq 240); do
    grep -q NODE_BOOT_COMPLETE crossbar.log && return
    sleep 0.5
  done
  cat crossbar.log
  exit 1
}

# raw_client : writes raw-client.mjs. `join(url)` resolves to a WAMP session over `ws` that sends messages as they are given:
# { send, take, socket }. `send(...message)` resolves when there has been time for the answers, and `take(type)` gives those heard.
raw_client () {
  cat > raw-client.mjs <<'JS'
import { appendFileSync } from 'node:fs'
import { WebSocket } from 'ws'

export const see = (line) => appendFileSync('seen', `${line}\n`)
export const pause = (ms) => new Promise(resolve => setTimeout(resolve, ms))

export async function join (url) {
  const socket = new WebSocket(url, 'wamp.2.json')
  await new Promise((resolve, reject) => { socket.on('open', resolve); socket.on('error', reject) })
  const heard = []
  socket.on('message', octets => heard.push(JSON.parse(octets)))
  const send = async (...message) => {
    socket.send(JSON.stringify(message))
    await pause(300)
  }
  const features = { call_canceling: true, call_timeout: true, progressive_call_results: true, pattern_based_subscription: true, event_retention: true }
  await send(1, 'realm1', { roles: { subscriber: { features }, publisher: { features }, caller: { features }, callee: { features } } })
  return { socket, send, take: (type) => heard.filter(message => message[0] === type) }
}
JS
}

# run COMMAND... : runs it without its output, which is shown only if it fails.
run () {
  timeout 120 "$@" > run.log 2>&1 || { cat run.log; exit 1; }
}

# expect FILE : prints the file, and fails unless it equals standard input.
expect () {
  echo '--- seen'
  cat "$1"
  if diff - "$1" > difference; then
    echo '--- as described'
  else
    echo '--- different from what this script describes (< described, > seen)'
    cat difference
    exit 1
  fi
}

# mini_router : writes mini-router.mjs, a WAMP router for JSON over `ws` that is just large enough for these scripts.
# `router({ intercept })` resolves to { url, port, heard, sessions, close }. If `intercept(session, message)` returns true,
# the router leaves the message alone. `see(...)` appends a line to the file `seen`.
mini_router () {
  cat > mini-router.mjs <<'JS'
import { appendFileSync } from 'node:fs'
import { WebSocketServer } from 'ws'

export async function router ({ intercept = () => false, onUpgrade = () => {}, port = 0 } = {}) {
  const server = new WebSocketServer({ port, host: '127.0.0.1', handleProtocols: () => 'wamp.2.json' })
  await new Promise(resolve => server.once('listening', resolve))
  const heard = []
  const sessions = new Set()
  const topics = new Map()
  const procedures = new Map()
  const calls = new Map()
  let lastId = 100

  const idOf = (map, uri) => {
    if (!map.has(uri)) map.set(uri, { id: ++lastId, members: new Set() })
    return map.get(uri)
  }
  const byId = (map, id) => [...map.values()].find(entry => entry.id === id)

  const handlers = {
    1: (session) => session.send([2, ++lastId, { roles: { broker: {}, dealer: { features: { call_canceling: true, progressive_call_results: true } } } }]),
    6: (session) => session.leaving ? session.socket.close(1000) : session.send([6, {}, 'wamp.close.goodbye_and_out']),
    32: (session, [, request,, uri]) => {
      const topic = idOf(topics, uri)
      topic.members.add(session)
      session.send([33, request, topic.id])
    },
    34: (session, [, request, id]) => {
      byId(topics, id)?.members.delete(session)
      session.send([35, request])
    },
    16: (session, [, request, options, uri, ...payload]) => {
      const topic = idOf(topics, uri)
      const publication = ++lastId
      if (options.acknowledge) session.send([17, request, publication])
      for (const member of topic.members) {
        if (member !== session || options.exclude_me === false) member.send([36, topic.id, publication, {}, ...payload])
      }
    },
    64: (session, [, request,, uri]) => {
      const procedure = idOf(procedures, uri)
      procedure.members = new Set([session])
      session.send([65, request, procedure.id])
    },
    48: (session, [, request,, uri, ...payload]) => {
      const procedure = procedures.get(uri)
      const callee = procedure && [...procedure.members][0]
      if (!callee) return session.send([8, 48, request, {}, 'wamp.error.no_such_procedure'])
      const invocation = ++lastId
      calls.set(invocation, { session, request })
      callee.send([68, invocation, procedure.id, {}, ...payload])
    },
    70: (session, [, invocation, options, ...payload]) => {
      const call = calls.get(invocation)
      call?.session.send([50, call.request, options.progress ? { progress: true } : {}, ...payload])
    },
    8: (session, [, , invocation, ...rest]) => {
      const call = calls.get(invocation)
      call?.session.send([8, 48, call.request, ...rest])
    }
  }

  server.on('connection', (socket, request) => {
    onUpgrade(request)
    const session = { socket, send: message => socket.send(JSON.stringify(message)) }
    sessions.add(session)
    socket.on('close', () => {
      sessions.delete(session)
      for (const { members } of [...topics.values(), ...procedures.values()]) members.delete(session)
    })
    socket.on('message', data => {
      const message = JSON.parse(data)
      heard.push(message)
      if (!intercept(session, message)) handlers[message[0]]?.(session, message)
    })
  })
  const close = () => new Promise(resolve => {
    for (const { socket } of sessions) socket.terminate()
    server.close(resolve)
  })
  return { url: `ws://127.0.0.1:${server.address().port}`, port: server.address().port, heard, sessions, close }
}

export const until = async (condition) => {
  for (let i = 0; i < 500 && !condition(); i++) await new Promise(resolve => setTimeout(resolve, 10))
  if (!condition()) throw new Error(`never true: ${condition}`)
}
// The clients write to the console themselves, so what counts goes to a file.
export const see = (...words) => appendFileSync('seen', words.map(word => typeof word === 'string' ? word : JSON.stringify(word)).join(' ') + '\n')
export const pause = (ms) => new Promise(resolve => setTimeout(resolve, ms))
JS
}
