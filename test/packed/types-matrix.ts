import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { diagnose, install, pack, resolutions } from './packed.ts'

/** The versions of TypeScript that the package's types are for. */
const versions = ['5.4', '5.5', '5.6', '5.7', '5.8', '5.9', '6.0', '7.0']

t.setTimeout(1_200_000)

t.test('the types of the package are whole for each version of TypeScript', async (t) => {
  const { folder, tarball } = await pack(t)
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'types', type: 'module', private: true }))
  const compilers = versions.map((version) => `typescript-${version}@npm:typescript@${version}`)
  await install(folder, tarball, 'fastify@5', '@types/node@20', ...compilers)
  t.ok((await readdir(join(folder, 'node_modules'))).includes('fastify-wamp'))
  for (const version of versions) {
    for (const resolution of Object.keys(resolutions) as (keyof typeof resolutions)[]) {
      t.equal(await diagnose(folder, join(folder, 'node_modules', `typescript-${version}`, 'bin/tsc'), resolution), '', `TypeScript ${version} with ${resolution}`)
    }
  }
})
