import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'

/** A certificate and its private key, in PEM. */
export interface Identity { readonly cert: string, readonly key: string }

const run = promisify(execFile)

/** A certificate authority for one test. It is forgotten with it. */
export class Authority {
  readonly #directory: string
  /** The authority's own certificate. */
  readonly cert: string

  private constructor (directory: string, cert: string) {
    this.#directory = directory
    this.cert = cert
  }

  static async create (t: Test): Promise<Authority> {
    const directory = await mkdtemp(join(tmpdir(), 'fastify-wamp-certificates-'))
    t.teardown(() => rm(directory, { recursive: true }))
    const { cert } = await make(directory, 'authority', ['-addext', 'basicConstraints=critical,CA:TRUE'])
    return new Authority(directory, cert)
  }

  /** Makes a certificate that this authority has signed; it is good for 127.0.0.1. */
  async sign (name: string): Promise<Identity> {
    const path = (file: string): string => join(this.#directory, file)
    return await make(this.#directory, name, [
      '-CA', path('authority.crt'), '-CAkey', path('authority.key'), '-addext', 'subjectAltName=IP:127.0.0.1', '-addext', 'basicConstraints=CA:FALSE'
    ])
  }
}

async function make (directory: string, name: string, options: readonly string[]): Promise<Identity> {
  const [cert, key] = [join(directory, `${name}.crt`), join(directory, `${name}.key`)]
  await run('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-days', '2', '-subj', `/CN=${name}`, '-keyout', key, '-out', cert, ...options
  ])
  return { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') }
}
