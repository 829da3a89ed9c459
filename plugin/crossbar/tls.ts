import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { createSecureContext } from 'node:tls'
import { present } from './setting.ts'
import type { Setting } from './setting.ts'

/** What a Fastify app takes as `https`. */
export interface Https {
  /** The private key, in PEM. */
  readonly key: string
  /** The certificate and those that complete its chain, in PEM. */
  readonly cert: string
  /** The authorities by which a client's certificate must be signed: then there must be one. */
  readonly ca?: string[]
  readonly requestCert?: true
  /** OpenSSL's names of cipher suites. */
  readonly ciphers?: string
  /** Parameters for Diffie-Hellman, in PEM. */
  readonly dhparam?: string
}

/** Reads `tls` of a listening endpoint, and the files that it names. */
export function readTls (setting: Setting, directory: string): Https {
  const tls = setting.record({ served: ['key', 'certificate', 'chain_certificates', 'ca_certificates', 'dhparam', 'ciphers'] })
  const read = (file: Setting): string => readPem(file, directory)
  const chain = [tls.get('certificate'), ...tls.find('chain_certificates')?.list() ?? []].map(read)
  const dhparam = tls.find('dhparam')
  const ca = tls.find('ca_certificates')?.list().map(read)
  const https = {
    key: read(tls.get('key')),
    cert: chain.join('\n'),
    ...(ca === undefined ? {} : { ca, requestCert: true as const }),
    ...present({ ciphers: tls.find('ciphers')?.text(), dhparam: dhparam && read(dhparam) })
  }
  try {
    createSecureContext(https)
  } catch {
    // What OpenSSL says of it would not help to find it.
    return setting.fail('must have a private key in PEM, without a passphrase, a certificate of it, and ciphers that OpenSSL knows')
  }
  return https
}

function readPem (setting: Setting, directory: string): string {
  const filename = resolve(directory, setting.text())
  let text = ''
  try {
    text = readFileSync(filename, 'utf8')
  } catch {
    return setting.fail('must name a file that can be read')
  }
  // Node.js takes an empty text for none at all.
  return text.includes('-----BEGIN ') ? text : setting.fail('must name a file in PEM')
}
