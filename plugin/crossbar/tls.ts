import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { createSecureContext } from 'node:tls'
import { present } from './setting.ts'
import type { Setting } from './setting.ts'

/** The `https` options of a Fastify app. */
export interface Https {
  /** The private key, in PEM. */
  readonly key: string
  /** The certificate and its chain, in PEM. */
  readonly cert: string
  /** The authorities for client certificates, in PEM. If set, every client must have a certificate signed by one of them. */
  readonly ca?: string[]
  /** Requests client certificates. Set together with `ca`. */
  readonly requestCert?: true
  /** Cipher suites, by their OpenSSL names. */
  readonly ciphers?: string
  /** Diffie-Hellman parameters, in PEM. */
  readonly dhparam?: string
}

/** Reads `tls` of a listening endpoint, and the files that it names. The private key must not be served. */
export function readTls (setting: Setting, directory: string, site: { addSecret (filename: string, what: string): void }): Https {
  const tls = setting.record({ served: ['key', 'certificate', 'chain_certificates', 'ca_certificates', 'dhparam', 'ciphers'] })
  const read = (file: Setting): string => readPem(file, directory)
  const chain = [tls.get('certificate'), ...tls.find('chain_certificates')?.list() ?? []].map(read)
  site.addSecret(resolve(directory, tls.get('key').text()), 'the private key')
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
    // OpenSSL's message would not help to find the file.
    return setting.fail('must have a private key in PEM without a passphrase, a matching certificate, and ciphers that OpenSSL supports')
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
  // Node.js treats an empty text like a missing one.
  return text.includes('-----BEGIN ') ? text : setting.fail('must name a file in PEM')
}
