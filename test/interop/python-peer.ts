import { spawn } from 'node:child_process'
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { Inbox, steps } from './peer.ts'
import type { Outcome, Peer, Progress, Received, RegisterAs, Serializer, Values } from './peer.ts'
import { python } from './programs.ts'

const program = fileURLToPath(new URL('python/peer.py', import.meta.url))

/** What the client joins with. */
export interface PythonSettings {
  readonly serializer?: Serializer
  readonly batched?: boolean
  readonly authid?: string
  readonly authmethods?: readonly string[]
  readonly secret?: string
  /** Of cryptosign: 32 octets in hex. */
  readonly privateKey?: string
  readonly headers?: Readonly<Record<string, string>>
  /** @default 'realm1' */
  readonly realm?: string
  /** Paths of files in PEM. */
  readonly tls?: { readonly ca: string, readonly cert?: string, readonly key?: string }
}

/** What an authenticator knows of a user: its ticket, if it checks that, and what it answers. */
export interface PythonPrincipal { readonly ticket?: string, readonly answer: unknown }

/** Who the client is, as WELCOME said. */
export interface PythonWelcome {
  readonly session: number
  readonly realm: string
  readonly authid: string
  readonly authrole: string
  readonly authmethod: string
  readonly authprovider: string
  readonly authextra: Readonly<Record<string, unknown>> | null
}

/** An event as the client received it. */
export interface PythonEvent extends Values {
  readonly topic: string
  readonly publication: number
}

type Answer = { done: unknown } | { error: string, args: unknown[], kwargs: Record<string, unknown> }
type Line = { id: number } & Answer
type Report =
  | { report: 'connected', subprotocol: string, setCookie: string | null }
  | { report: 'challenge', method: string }
  | { report: 'joined' } & PythonWelcome
  | { report: 'left', reason: string }
  | { report: 'invoked' }
  | { report: 'asked', args: unknown[] }
  | { report: 'event' } & PythonEvent

/** A client of Autobahn for Python, in a process of its own. */
export class PythonPeer implements Peer {
  readonly name: string
  /** Resolves when the session is joined, rejects with the reason if it is not. */
  readonly welcome: Promise<PythonWelcome>
  /** Resolves to the reason when the session has ended. */
  readonly left: Promise<string>
  /** The methods by which it was challenged. */
  readonly challenges: string[] = []
  readonly events = new Inbox<PythonEvent>()
  /** One entry for each call of a procedure that never ends. */
  readonly invoked = new Inbox<void>()
  /** What its authenticator or authorizer was called with. */
  readonly asked = new Inbox<unknown[]>()
  subprotocol = ''
  /** The Set-Cookie header of the 101. */
  setCookie: string | null = null
  readonly #process: ChildProcessWithoutNullStreams
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  #lastId = 0
  #complaints = ''
  #joined: (welcome: PythonWelcome) => void = () => {}
  #left: (reason: string) => void = () => {}

  private constructor (url: string, { serializer = 'json', ...settings }: PythonSettings) {
    this.name = `Autobahn for Python over ${serializer}${settings.batched === true ? ' in batches' : ''}`
    this.left = new Promise((resolve) => { this.#left = resolve })
    this.welcome = new Promise((resolve, reject) => {
      this.#joined = resolve
      this.left.then((reason) => { reject(new Error(reason)) }, reject)
    })
    this.#process = spawn(python, [program, JSON.stringify({ url, realm: 'realm1', serializer, ...settings })])
    this.#process.stderr.on('data', (chunk: Buffer) => { this.#complaints += String(chunk) })
    this.#process.on('close', () => { this.#left(`the process has ended: ${this.#complaints}`) })
    createInterface({ input: this.#process.stdout }).on('line', (line) => { this.#read(JSON.parse(line) as Line | Report) })
  }

  /** Starts a client. Resolves when it has joined; rejects with the reason if it is refused. */
  static async join (t: Test, url: string, settings: PythonSettings = {}): Promise<PythonPeer> {
    const peer = new PythonPeer(url, settings)
    t.teardown(() => { peer.#process.kill() })
    await peer.welcome
    return peer
  }

  async register (procedure: string, error?: string): Promise<void> {
    await this.#do({ do: 'register', procedure, error })
  }

  /** Registers by pattern. */
  async registerPattern (procedure: string, match: 'prefix' | 'wildcard'): Promise<void> {
    await this.#do({ do: 'register', procedure, match })
  }

  /** Registers a procedure that never ends. */
  async registerSlow (procedure: string): Promise<void> {
    await this.#do({ do: 'register_slow', procedure })
  }

  /** Registers an authenticator, which knows users by authid or public key. */
  async registerAuthenticator (procedure: string, principals: Readonly<Record<string, PythonPrincipal>>): Promise<void> {
    await this.#do({ do: 'register_authenticator', procedure, principals })
  }

  /** Registers an authorizer, which answers by action and URI, and otherwise with false. */
  async registerAuthorizer (procedure: string, decisions: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#do({ do: 'register_authorizer', procedure, decisions })
  }

  async registerName (procedure: string, options: RegisterAs): Promise<void> {
    await this.#do({ do: 'register_name', procedure, name: this.name, ...options })
  }

  async registerSteps (procedure: string): Promise<void> {
    await this.#do({ do: 'register_steps', procedure, steps })
  }

  async callSteps (procedure: string): Promise<Progress> {
    return await this.#do({ do: 'call_steps', procedure }) as Progress
  }

  async call (procedure: string, values: Values): Promise<Outcome> {
    const answer = await this.#ask({ do: 'call', procedure, ...values })
    return 'error' in answer ? answer : { error: null, ...answer.done as Values }
  }

  async subscribe (topic: string, match: 'exact' | 'prefix' | 'wildcard' = 'exact'): Promise<void> {
    await this.#do({ do: 'subscribe', topic, match })
  }

  async publish (topic: string, values: Values): Promise<void> {
    await this.#do({ do: 'publish', topic, ...values })
  }

  async nextEvent (): Promise<Received> {
    const { topic, args, kwargs } = await this.events.next()
    return { topic, args, kwargs }
  }

  /** Says GOODBYE, and waits until the session has ended. */
  async leave (reason: string): Promise<string> {
    this.#send({ do: 'leave', reason, id: 0 })
    return await this.left
  }

  async #do (command: object): Promise<unknown> {
    const answer = await this.#ask(command)
    if ('error' in answer) throw Object.assign(new Error(answer.error), answer)
    return answer.done
  }

  #ask (command: object): Promise<Answer> {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, resolve)
      this.left.then((reason) => { reject(new Error(reason)) }, reject)
      this.#send({ ...command, id })
    })
  }

  #send (command: object): void {
    this.#process.stdin.write(`${JSON.stringify(command)}\n`)
  }

  #read (line: Line | Report): void {
    if ('id' in line) {
      const { id, ...answer } = line
      this.#waiting.get(id)?.(answer)
      this.#waiting.delete(id)
      return
    }
    this.#note(line)
  }

  #note (report: Report): void {
    switch (report.report) {
      case 'connected':
        this.subprotocol = report.subprotocol
        this.setCookie = report.setCookie
        return
      case 'challenge': this.challenges.push(report.method); return
      case 'joined': return this.#joined(report)
      case 'left': return this.#left(report.reason)
      case 'invoked': return this.invoked.put()
      case 'asked': return this.asked.put(report.args)
      case 'event': return this.events.put(report)
    }
  }
}
