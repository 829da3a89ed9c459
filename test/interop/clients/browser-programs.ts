import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { make } from './builds.ts'
import type { Build } from './builds.ts'

/** A browser that shows the page whose URL is its last argument. */
export interface BrowserProgram extends Build {
  readonly name: string
  readonly version: string
}

const build = { folder: 'cookies-browser', commands: [] }

/** A folder of its own for a run of a browser, which keeps its profile there: one of an earlier run would have cookies. */
export function folderFor (t: Test, browser: Build): string {
  const folder = mkdtempSync(join(tmpdir(), 'fastify-wamp-browser-'))
  t.teardown(() => { rmSync(folder, { recursive: true, force: true, maxRetries: 10 }) })
  cpSync(make(browser), folder, { recursive: true })
  return folder
}

export const browsers: readonly BrowserProgram[] = [
  {
    ...build,
    name: 'Chromium',
    version: '156',
    needs: { program: 'chromium', args: ['--version'], install: 'apt-get install chromium' },
    start: ['chromium', '--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--user-data-dir=profile']
  },
  {
    ...build,
    name: 'Firefox',
    version: 'ESR 153',
    needs: { program: 'firefox-esr', args: ['--version'], install: 'apt-get install firefox-esr' },
    start: ['firefox-esr', '--headless', '--no-remote', '--profile', '.']
  },
  {
    ...build,
    name: 'WebKitGTK',
    version: '2.50',
    needs: { program: '/usr/bin/python3', args: ['-c', 'import gi; gi.require_version("WebKit2", "4.1")'], install: 'apt-get install gir1.2-webkit2-4.1 python3-gi xvfb xauth' },
    start: ['xvfb-run', '-a', '/usr/bin/python3', 'webkit.py']
  }
]
