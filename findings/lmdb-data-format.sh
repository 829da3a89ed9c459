#!/usr/bin/env bash
# Software: lmdb 3.5.6, npm, with databases of lmdb 2.3.0 and zlmdb 26.10.1, PyPI.
# Expected: `open` throws MDB_VERSION_MISMATCH for a database whose data format it does not support, as LMDB specifies.
# Instead:  the process crashes with SIGSEGV, also with `readOnly`. The package supports data format 2. LMDB 0.9 (and so lmdb 2.3.0 for Python) writes
#           format 1, and LMDB 1.0 (and so zlmdb 26.10.1, which Crossbar.io 26.10.1 uses) writes format 3. The data is not changed, but the lock
#           file is.
# Seen:     the lines at the end of this script.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages lmdb@3.5.6
pip_packages lmdb==2.3.0 zlmdb==26.10.1

cat > make.py <<'PY'
import lmdb, zlmdb

with lmdb.open('lmdb-python') as env, env.begin(write=True) as txn:
    txn.put(b'key', b'value')
with zlmdb.Database('zlmdb') as db, db.begin(write=True) as txn:
    txn.put(b'key', b'value')
PY
python/bin/python make.py > make.log 2>&1 || { cat make.log; exit 1; }

cat > open.mjs <<'JS'
import { open } from 'lmdb'

const [,, path, readOnly] = process.argv
try {
  const database = open({ path, readOnly: readOnly === 'readOnly' })
  console.log('opened')
  await database.close()
} catch (error) {
  console.log(error.message)
}
JS

cat > try.mjs <<'JS'
import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync } from 'node:fs'

spawnSync(process.execPath, ['open.mjs', 'lmdb-node'])
for (const maker of ['lmdb-node', 'lmdb-python', 'zlmdb']) {
  const header = readFileSync(`${maker}/data.mdb`)
  const format = header.readUInt32LE(header.indexOf(Buffer.from([0xde, 0xc0, 0xef, 0xbe])) + 4)
  for (const mode of ['readOnly', 'writable']) {
    const path = `${maker}-${mode}`
    cpSync(maker, path, { recursive: true })
    const { stdout, signal } = spawnSync(process.execPath, ['open.mjs', path, mode], { encoding: 'utf8' })
    const changed = ['data.mdb', 'lock.mdb'].filter((name) => !readFileSync(`${maker}/${name}`).equals(readFileSync(`${path}/${name}`)))
    console.log(`${maker}, format ${format}, ${mode}: ${signal ?? stdout.trim()}${signal === null ? '' : `, changed: ${changed}`}`)
  }
}
JS
timeout 60 node try.mjs > seen

expect seen <<'SEEN'
lmdb-node, format 2, readOnly: opened
lmdb-node, format 2, writable: opened
lmdb-python, format 1, readOnly: SIGSEGV, changed: lock.mdb
lmdb-python, format 1, writable: SIGSEGV, changed: lock.mdb
zlmdb, format 3, readOnly: SIGSEGV, changed: lock.mdb
zlmdb, format 3, writable: SIGSEGV, changed: lock.mdb
SEEN
