import type { NodeId } from './node-id.ts'

/** `down`: requests fail at once. The link tries to come up again until it is closed. */
export type LinkState = 'up' | 'down' | 'closed'

/** Receives what comes over a link. Its methods never throw. */
export interface LinkReceiver {
  /** An entry of the log, in the order of positions, from 1. */
  entry (position: number, octets: Uint8Array): void
  /** A message of another node, to this one or to all. */
  message (octets: Uint8Array): void
  /** The link is up again, or down. */
  changed (state: LinkState): void
}

/**
 * The connection of one node to the engine between the nodes. What is sent arrives once and in the order of sending at each receiver, or
 * not at all. Appended entries have one order for all nodes.
 */
export interface ClusterLink {
  readonly state: LinkState
  /** Receives what is sent to this node, and all entries of the log. Rejects if the engine cannot be used. */
  open (node: NodeId, receiver: LinkReceiver): Promise<void>
  /** Appends an entry to the log. Resolves when it is stored. If this rejects, it may be stored or not. */
  append (octets: Uint8Array): Promise<void>
  /** Sends a message to a node. Lost if the link is down. */
  send (to: NodeId, octets: Uint8Array): void
  /** Sends a message to all other nodes. Lost if the link is down. */
  broadcast (octets: Uint8Array): void
  /** Resolves when the engine has received all that was sent before. Rejects if the link goes down first. */
  flush (): Promise<void>
  close (): Promise<void>
}
