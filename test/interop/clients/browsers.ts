import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'
import { expectedReport, servePage } from '../../client/page-app.ts'
import { browsers, folderFor } from './browser-programs.ts'
import { needsBuild } from './builds.ts'

for (const browser of browsers) {
  t.test(`the client works in ${browser.name} ${browser.version}, and its cookie logs it in`, { ...needsBuild(browser), timeout: 120_000 }, async (t) => {
    const { url, report } = await servePage(t)
    const [program = '', ...args] = [...browser.start, url]
    const child = spawn(program, args, { cwd: folderFor(t, browser), stdio: 'ignore', detached: true })
    const closed = once(child, 'close')
    t.teardown(async () => {
      try { process.kill(-child.pid!, 'SIGKILL') } catch {}
      await closed
    })
    const ended = closed.then(() => { throw new Error('the browser has ended') })
    t.same(await Promise.race([report, ended]), expectedReport)
  })
}
