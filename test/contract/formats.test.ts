import { once } from 'node:events'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import t from 'tap'
import { ContractChecks } from '../../plugin/contract/contract-checks.ts'
import { Payload } from '../../plugin/protocol/payload.ts'

const formats = [
  'date', 'time', 'date-time', 'iso-time', 'iso-date-time', 'duration', 'uri', 'uri-reference', 'uri-template', 'url', 'email', 'hostname', 'ipv4', 'ipv6', 'regex', 'uuid', 'json-pointer',
  'json-pointer-uri-fragment', 'relative-json-pointer', 'byte'
]
/** What a text begins with, and what is repeated then. */
const texts = [
  ['', 'a'], ['', 'a.'], ['', '.'], ['', '1'], ['', '/'], ['', '-'], ['', 'a-'], ['', ':'], ['', '0:'], ['::', '1:'], ['', '{a}'], ['{', 'a,'], ['', '%61'], ['', '/~0'], ['#', '/a'], ['', ' '], ['P', '1Y'], ['00:00:00.', '0'],
  ['a@', 'a'], ['a@', 'a.'], ['a@', 'a-'], ['http://', 'a'], ['http://', 'a-'], ['http://', 'a.'], ['http://', 'a:'], ['http://', '@'], ['http://', 'a@a'], ['http://[', '0:'], ['http://', '\u00e9-'], ['http://a/', 'a']
] as const
const LENGTH = 500_000

const checksOf = (format: string): ((text: string) => string | null) => {
  const checks = new ContractChecks({ topics: { 'com.example.topic': { args: { type: 'array', items: [{ type: 'string', format }] } } } }, 'contract')
  return (text) => checks.event('com.example.topic', {}, Payload.of([text]))
}

/** Checks all texts by each format, in a thread of its own: a check cannot be ended otherwise whose time grows with the square of the length. */
if (!isMainThread) {
  for (const format of formats) {
    const fault = checksOf(format)
    for (const [start, part] of texts) for (const end of ['', '\u0000']) fault(start + part.repeat(LENGTH / part.length) + end)
    parentPort!.postMessage(format)
  }
} else {
  test()
}

function test (): void {
  t.test('no text makes the check of a format slow', async (t) => {
    const thread = new Worker(new URL(import.meta.url))
    t.teardown(async () => { await thread.terminate() })
    const done: unknown[] = []
    // The test runner's own thread talks, too.
    thread.on('message', (message: unknown) => { if (typeof message === 'string') done.push(message) })
    await once(thread, 'exit')
    t.same(done, formats)
  })

  t.test('a URL is valid with and without a user and a password', async (t) => {
    const fault = checksOf('url')
    for (const url of ['http://example.com', 'https://joe@example.com/', 'ftp://joe:secret@example.com:8080/a?b#c', 'http://joe:@example.com', 'http://a:b:c@d@example.com']) t.equal(fault(url), null, url)
    for (const url of ['example.com', 'http://', 'http://@example.com', 'http://joe :secret@example.com', 'http://10.1.1.1', 'http://joe:secret@']) t.match(fault(url), /must match format "url"/, url)
  })
}
