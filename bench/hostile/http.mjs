// The HTTP bridge and Server-Sent Events: pipelined requests.
const tcp = { way: 'tcp', fresh: true, reads: true }
const post = (path, body) => {
  const text = JSON.stringify(body)
  return Buffer.from(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
}
const get = (path) => Buffer.from(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)
const topics = (n) => Array.from({ length: 100 }, (_, i) => `topic=t${n}.${i}`).join('&')

export const http = [
  { ...tcp, name: 'HTTP: GET of an unknown path', bare: true, frame: () => get('/nothing') },
  { ...tcp, name: 'HTTP: calls', frame: () => post('/call', { procedure: 'bench.echo', args: [1] }) },
  { ...tcp, name: 'HTTP: calls, not read', reads: false, frame: () => post('/call', { procedure: 'bench.echo', args: [1] }) },
  { ...tcp, name: 'HTTP: calls of wamp.session.list', frame: () => post('/call', { procedure: 'wamp.session.list' }) },
  { ...tcp, name: 'HTTP: publications', frame: () => post('/publish', { topic: 'bench.topic' }) },
  { ...tcp, name: 'HTTP: publications, acknowledged', frame: () => post('/publish', { topic: 'bench.topic', options: { acknowledge: true } }) },
  { ...tcp, name: 'HTTP: bodies that are not JSON', frame: () => post('/call', 'x') },
  { ...tcp, name: 'HTTP: one body of 60,000 zeros', frame: () => post('/call', { procedure: 'bench.echo', args: Array(29_000).fill(0) }) },
  { ...tcp, name: 'HTTP: streams of events', frame: (n) => get(`/events?topic=t${n}`) },
  { ...tcp, name: 'HTTP: streams of events of 100 topics', frame: (n) => get(`/events?${topics(n)}`) }
]
