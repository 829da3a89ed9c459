import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { findConfigurationFile, readConfigurationFile } from '../../plugin/crossbar/configuration-file.ts'

const expected = (filename: string, why: string): { code: string, message: string } =>
  ({ code: 'WAMP_ERR_CROSSBAR_FILE', message: `The configuration file "${filename}" ${why}` })

t.test('the path of a file selects this file', async (t) => {
  const file = join(t.testdir({ 'node.json': '{}' }), 'node.json')
  t.equal(await findConfigurationFile(file), file)
})

t.test('a directory means the configuration in it, or in its .crossbar folder', async (t) => {
  const root = t.testdir({})
  await t.rejects(findConfigurationFile(root), expected(root, 'is a directory without config.json, config.yaml'))
  for (const name of ['.crossbar/config.yaml', '.crossbar/config.json', 'config.yml', 'config.yaml', 'config.json']) {
    await mkdir(join(root, '.crossbar'), { recursive: true })
    await writeFile(join(root, name), '{}')
    t.equal(await findConfigurationFile(root), join(root, name), `${name} comes before those`)
  }
})

t.test('a missing or unreadable file is refused', async (t) => {
  const root = t.testdir({ 'config.json': {} })
  await t.rejects(findConfigurationFile(join(root, 'x')), expected(join(root, 'x'), 'does not exist'))
  await t.rejects(findConfigurationFile(root), expected(root, 'is a directory without'))
  await t.rejects(readConfigurationFile(root), expected(root, 'cannot be read'))
})

t.test('JSON and YAML are the same to the reader', async (t) => {
  const root = t.testdir({
    'a.json': '{\n\t"version": 2, "workers": [{"type": "router"}]\n}', 'a.yaml': 'version: 2\nworkers:\n- type: router\n', 'a.YML': '{"version": 2, workers: [{type: router}]}'
  })
  for (const name of ['a.json', 'a.yaml', 'a.YML']) t.strictSame(await readConfigurationFile(join(root, name)), { version: 2, workers: [{ type: 'router' }] }, name)
})

t.test('YAML is read as Crossbar.io reads it: with yes and no, and merged dicts', async (t) => {
  const file = join(t.testdir({ 'a.yaml': 'one: &one {a: 1}\ntwo:\n  <<: *one\n  b: yes\n  c: off\n' }), 'a.yaml')
  t.strictSame(await readConfigurationFile(file), { one: { a: 1 }, two: { a: 1, b: true, c: false } })
})

t.test('a file that cannot be parsed is refused with the line number, but never quoted, because it contains secrets', async (t) => {
  const root = t.testdir({
    'a.json': '{\n"secret": "do-not-tell" x}',
    'b.json': '{"secret": do-not-tell}',
    'a.yaml': 'a: 1\nsecret: "do-not-tell\n',
    'b.yaml': 'secret: *do-not-tell\n',
    'c.yaml': 'a: 1\na: 2\n'
  })
  const wrong = { 'a.json': 'is not valid JSON, see line 2', 'b.json': 'is not valid JSON', 'a.yaml': 'is not valid YAML, see line ', 'b.yaml': 'is not valid YAML', 'c.yaml': 'is not valid YAML, see line 2' }
  for (const [name, why] of Object.entries(wrong)) {
    const error: unknown = await readConfigurationFile(join(root, name)).catch((error: unknown) => error)
    t.match(error, expected(join(root, name), why))
    t.notMatch(String(error), 'do-not-tell')
  }
})
