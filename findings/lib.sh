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
