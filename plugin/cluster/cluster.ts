import type { StandardCodec } from '../codec/codec.ts'
import { nextId } from '../protocol/id.ts'
import type { Id } from '../protocol/id.ts'
import type { Uri } from '../protocol/uri.ts'
import { inTime } from '../thenable.ts'
import type { Answer, Question } from '../routing/federation.ts'
import type { Publication } from '../routing/publication.ts'
import type { Change } from './change.ts'
import { toCallMessage } from './call-message.ts'
import { Channels, HEARTBEAT } from './channels.ts'
import type { NodeMessage } from './channels.ts'
import type { ClusterLink, LinkReceiver, LinkState } from './cluster-link.ts'
import { ClusterLog } from './cluster-log.ts'
import type { ChangeReceiver } from './cluster-log.ts'
import { ClusterRealm } from './cluster-realm.ts'
import type { ClusterOfRealm } from './cluster-realm.ts'
import { Confirmations } from './confirmations.ts'
import { packPublication, unpackPublication } from './event-message.ts'
import { systemClock } from './clock.ts'
import type { Clock } from './clock.ts'
import { LEASE, Leases, RENEWAL } from './leases.ts'
import { randomNodeId } from './node-id.ts'
import type { NodeId } from './node-id.ts'
import { Questions } from './questions.ts'
import { RemoteCalls } from './remote-calls.ts'
import { toSessionMessage } from './session-message.ts'
import type { SessionMessage } from './session-message.ts'

/** Up to this id, each realm of each node numbers the registrations of its meta API. */
const LAST_OWN_ID = 1000
/** The kind of the message that tells a node that messages of it were lost. */
const LOST = 'lost'

/** The part of a log that a cluster uses. */
export interface ClusterLogger { error (details: object, text: string): void, warn (details: object, text: string): void }

/** This node among the others: connects the realms of one router to those of the same name elsewhere. */
export class Cluster implements LinkReceiver, ChangeReceiver, ClusterOfRealm {
  readonly node: NodeId = randomNodeId()
  readonly calls: RemoteCalls
  readonly #link: ClusterLink
  readonly #codecs: ReadonlyMap<string, StandardCodec>
  readonly #logger: ClusterLogger
  readonly #log: ClusterLog
  readonly #channels: Channels
  readonly #confirmations: Confirmations
  readonly #leases: Leases
  readonly #clock: Clock
  #stopRenewing: (() => void) | undefined
  readonly #fenced: () => void
  #state: 'new' | 'member' | 'left' | 'fenced' = 'new'
  /** Whether the other nodes know all about the sessions of this one. */
  #news: 'told' | 'untold' = 'told'
  readonly #questions: Questions
  readonly #realms = new Map<Uri, ClusterRealm>()
  #lastId: Id = LAST_OWN_ID

  constructor ({ link, codecs, log, clock = systemClock, fenced }: {
    link: ClusterLink
    codecs: Iterable<StandardCodec>
    log: ClusterLogger
    clock?: Clock
    /** Called when this node is no longer a member although it has not left: it must not act any more. */
    fenced: () => void
  }) {
    this.#link = link
    this.#codecs = new Map([...codecs].map((codec) => [codec.name, codec]))
    this.#logger = log
    this.#log = new ClusterLog({ link, node: this.node, receiver: this, log })
    this.#channels = new Channels({
      link,
      node: this.node,
      log: this.#log,
      first: () => { this.#tellNews() },
      receive: (from, message, position) => { this.#receive(from, message, position) },
      lost: (from) => {
        log.warn({ node: from }, 'messages of another node were lost')
        this.#forgetOpen(from)
        this.#channels.send(from, LOST, [])
      }
    })
    const send = (to: NodeId, kind: string, fields: readonly unknown[], octets?: Buffer): boolean => {
      if (!this.isReachable) return false
      this.#channels.send(to, kind, fields, octets)
      return true
    }
    this.calls = new RemoteCalls({ realm: (name) => this.#realms.get(name), send })
    this.#questions = new Questions({ answer: (realm, question) => this.#realms.get(realm)?.sessions.answer(question) ?? null, send })
    this.#clock = clock
    this.#fenced = fenced
    this.#leases = new Leases({
      renew: async () => { await this.#log.propose(['renew']) },
      suspect: (node) => {
        log.warn({ node }, 'a node of the cluster has not renewed its lease: it is declared dead')
        this.propose(['dead', node])
      }
    })
    this.#confirmations = new Confirmations((to) => { this.#channels.send(to, 'confirm', []) })
  }

  get isReachable (): boolean {
    return this.#state === 'member' && this.#link.state === 'up'
  }

  nextId (): Id {
    this.#lastId = nextId(this.#lastId)
    return this.#lastId
  }

  /** The other nodes of a realm. Call it once for each realm, before `join`. */
  realm (name: Uri): ClusterRealm {
    const realm = new ClusterRealm(this, name)
    this.#realms.set(name, realm)
    return realm
  }

  /** Becomes a member. Resolves when this node knows all that the other ones hold. */
  async join (): Promise<void> {
    await this.#link.open(this.node, this)
    this.#leases.begin(this.#clock.now())
    await this.#log.join()
    this.#stopRenewing = this.#clock.every(RENEWAL, () => { this.#renew() })
    this.#renew()
  }

  /** Ceases to be a member, and closes the link. */
  async leave (): Promise<void> {
    if (this.#state === 'member') {
      const left = this.#log.propose(['leave'])
      this.#end('left')
      // Without an answer, the others find out by themselves.
      await inTime(left, LEASE, () => new Error('the log cannot be reached')).catch(() => {})
    }
    await this.#link.close()
  }

  /** Proposes a change. Resolves when all members have applied it. Rejects if they cannot be reached. */
  async agree (change: Change): Promise<void> {
    if (!this.isReachable) throw new Error('the other nodes cannot be reached')
    const position = await this.#log.propose(change)
    await this.#confirmations.reached(position, this.#others())
  }

  /** Proposes a change whose effect nobody waits for. */
  propose (change: Change): void {
    this.#log.propose(change).catch(() => {})
  }

  /** Sends a publication to other nodes. */
  publish (realm: Uri, publication: Publication, to: Iterable<NodeId>): void {
    const { fields, octets } = packPublication(realm, publication)
    for (const node of to) this.#channels.send(node, 'event', fields, octets)
  }

  tell (to: NodeId | null, kind: string, fields: readonly unknown[]): void {
    if (this.#state !== 'member') return
    if (to === null) this.#channels.broadcast(kind, fields)
    else this.#channels.send(to, kind, fields)
  }

  async ask (node: NodeId, realm: Uri, question: Question): Promise<Answer> {
    return await this.#questions.ask(node, realm, question)
  }

  news (): void {
    if (this.#news === 'untold') return
    this.#news = 'untold'
    setImmediate(() => { this.#tellNews() })
  }

  isFenced (): boolean {
    return !this.#isAlive() && this.#state === 'fenced'
  }

  async flush (): Promise<void> {
    await this.#link.flush()
  }

  entry (position: number, octets: Uint8Array): void {
    if (this.#state === 'fenced' || (this.#state === 'member' && !this.#isAlive())) return
    this.#log.take(position, octets)
    this.#channels.advance()
  }

  message (octets: Uint8Array): void {
    if (this.#state !== 'new' && !this.#isAlive()) return
    const fault = this.#channels.take(octets)
    if (fault !== null) this.#logger.error({}, fault)
  }

  changed (state: LinkState): void {
    if (state !== 'up') this.#cutOff()
  }

  apply (change: Change, by: NodeId): void {
    if (change.length > 2) this.#realms.get(change[1] as Uri)?.apply(change, by)
  }

  joined (node: NodeId): void {
    if (node === this.node) this.#state = 'member'
    else this.#leases.heard(node)
    for (const { roster } of this.#realms.values()) roster.introduce(node === this.node ? null : node)
  }

  renewed (node: NodeId): void {
    if (node !== this.node) this.#leases.heard(node)
  }

  left (node: NodeId): void {
    if (node === this.node) return this.#end('fenced')
    this.#leases.forget(node)
    this.#channels.forget(node)
    this.#confirmations.forget(node)
    this.calls.forget(node)
    this.#questions.lost(node)
    for (const realm of this.#realms.values()) realm.forgetNode(node)
  }

  applied (by: NodeId): void {
    // A node that has not joined so far is not waited for.
    if (this.#log.members.has(this.node)) this.#confirmations.owe(by)
  }

  #receive (from: NodeId, message: NodeMessage, position: number): void {
    const { kind } = message
    this.#confirmations.take(from, position)
    if (kind === 'confirm' || kind === HEARTBEAT) return
    if (kind === LOST) return this.#wasLost(from)
    const isTaken = this.#questions.take(from, kind, message.fields)
    if (isTaken === true) return
    const about = toSessionMessage(kind, message.fields)
    if (about !== undefined && about !== null) return this.#takeAbout(from, about)
    const call = toCallMessage(message, this.#codecs)
    if (call !== undefined && call !== null) return this.calls.take(from, call)
    const event = kind === 'event' ? unpackPublication(message, this.#codecs) : null
    if (event === null) return this.#logger.error({ node: from, kind }, 'a message of another node is malformed: it is ignored')
    this.#realms.get(event.realm)?.route(event.publication)
  }

  /** Renews the lease, and tells the other nodes that this one is alive. */
  #renew (): void {
    if (!this.#isAlive()) return
    this.#leases.tick(this.#clock.now())
    this.#channels.sayHeartbeat()
  }

  /** False if this node may not act any more. After a pause, it finds out here. */
  #isAlive (): boolean {
    if (this.#state === 'member' && !this.#leases.isValid(this.#clock.now())) this.#end('fenced')
    return this.#state === 'member'
  }

  #end (state: 'left' | 'fenced'): void {
    if (this.#state !== 'member') return
    this.#state = state
    this.#stopRenewing?.()
    this.#cutOff()
    if (state === 'left') return
    this.#logger.error({}, 'this node has been fenced: the other nodes consider it dead, or the log cannot be reached')
    this.#fenced()
  }

  /** The other nodes cannot be reached: what waits for them fails. */
  #cutOff (): void {
    for (const realm of this.#realms.values()) realm.cutOff()
    for (const node of this.#others()) this.#forgetOpen(node)
  }

  /** Messages between this node and another one were lost: nothing that waits for it can be trusted. */
  #forgetOpen (node: NodeId): void {
    this.calls.lost(node)
    this.#questions.lost(node)
  }

  /** Another node has missed messages of this one. */
  #wasLost (by: NodeId): void {
    this.#forgetOpen(by)
    for (const { roster } of this.#realms.values()) roster.introduce(by)
  }

  #takeAbout (from: NodeId, message: SessionMessage): void {
    const realm = this.#realms.get(message.realm)
    if (message.kind === 'sessions') realm?.roster.take(from, message.news)
    else if (message.kind === 'kill') realm?.sessions.kill(message.filter, message.order)
    else realm?.sessions.forgetDecisions(message.filter)
  }

  #tellNews (): void {
    if (this.#news === 'told') return
    this.#news = 'told'
    for (const { roster } of this.#realms.values()) roster.flush()
  }

  #others (): NodeId[] {
    return [...this.#log.members.keys()].filter((node) => node !== this.node)
  }
}
