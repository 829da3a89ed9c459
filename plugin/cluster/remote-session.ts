import type { Id } from '../protocol/id.ts'
import type { Uri } from '../protocol/uri.ts'
import { isNaturalNumber, isString } from '../protocol/wire-value.ts'
import { OwnSession } from '../routing/own-session.ts'
import type { RoutedSession } from '../routing/routed-session.ts'
import type { Delivery } from '../transport/transport.ts'
import type { NodeId } from './node-id.ts'

/** A session as nodes describe it to each other. */
export type SessionFields = readonly [id: Id, authid: string, authrole: string, authmethod: string, authprovider: string]

/** A session whose client is connected to another node, as the meta API shows it. Nothing is sent to it from here. */
export class RemoteSession extends OwnSession {
  override readonly isTrusted = false
  readonly features: ReadonlySet<string> = new Set()
  readonly node: NodeId

  constructor (realm: Uri, node: NodeId, [id, authid, authrole, authmethod, authprovider]: SessionFields) {
    super({ id, principal: { realm, authid, authrole, authmethod, authprovider } })
    this.node = node
  }

  send (): Delivery {
    return 'closed'
  }
}

export function fieldsOf ({ id, principal: { authid, authrole, authmethod, authprovider } }: RoutedSession): SessionFields {
  return [id, authid, authrole, authmethod, authprovider]
}

export function isSessionFields (value: unknown): value is SessionFields {
  return Array.isArray(value) && value.length === 5 && isNaturalNumber(value[0]) && value.slice(1).every(isString)
}
