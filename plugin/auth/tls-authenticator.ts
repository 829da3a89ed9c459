import type { X509Certificate } from 'node:crypto'
import { WampError } from '../errors.ts'
import type { TlsOptions, TlsPrincipal } from '../auth-options.ts'
import { reasons } from '../protocol/reasons.ts'
import type { Authenticator } from './authenticator.ts'

/**
 * TLS client certificates: a client that has proven its certificate to the TLS layer needs no challenge [advanced, Authentication,
 * Transport-level Authentication]. The certificate identifies the user. If it belongs to several, the authid of HELLO selects one.
 */
export function tlsAuthenticator ({ principals }: Omit<TlsOptions, 'type'>): Authenticator {
  const known = Object.entries(principals).map(([authid, principal]) => ({ authid, principal, isOf: matcher(principal) }))
  return ({ authid: wanted, tls }) => {
    const certificate = tls?.peerCertificate ?? null
    if (certificate === null) throw new WampError(reasons.authenticationDenied, { args: ['tls needs a client certificate that the server trusts'] })
    const owners = known.filter(({ isOf }) => isOf(certificate))
    const owner = owners.find(({ authid }) => authid === wanted) ?? (owners.length === 1 ? owners[0] : undefined)
    if (owner === undefined) throw new WampError(reasons.noSuchPrincipal, { args: ['the client certificate does not identify a principal'] })
    const { authid, principal: { role, realm } } = owner
    return { authid, role, authprovider: 'static', ...(realm === undefined ? {} : { realm }) }
  }
}

/** Fingerprints may be given with or without colons, in upper or lower case. */
function matcher ({ certificateSha1, certificateSha256 }: TlsPrincipal): (certificate: X509Certificate) => boolean {
  return ({ fingerprint, fingerprint256 }) => isSame(fingerprint, certificateSha1) && isSame(fingerprint256, certificateSha256)
}

function isSame (fingerprint: string, expected: string | undefined): boolean {
  return expected === undefined || plain(fingerprint) === plain(expected)
}

function plain (fingerprint: string): string {
  return fingerprint.replaceAll(':', '').toLowerCase()
}
