import type { Test } from 'tap'
import { WireClient, wireCodecs } from './wire-client.ts'

const [json] = wireCodecs
const roles = { caller: {}, subscriber: {} }

/** A browser with one cookie jar, as far as the tracking cookie goes. It knows the app by its HTTP URL. */
export class WebBrowser {
  readonly #http: string
  cookie = ''

  constructor (http: string) {
    this.#http = http
  }

  async fetch (path: string, { body, headers = {} }: { body?: object, headers?: Record<string, string> } = {}): Promise<Response> {
    const response = await fetch(`${this.#http}${path}`, {
      headers: { ...(this.cookie === '' ? {} : { cookie: this.cookie }), ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) })
    })
    const [set] = response.headers.getSetCookie()
    if (set !== undefined) this.cookie = set.split(';')[0]!
    return response
  }

  async me (): Promise<unknown> {
    return ((await (await this.fetch('/me')).json()) as { who: unknown }).who
  }

  /** Opens a WebSocket. */
  async open (t: Test, ws: string): Promise<WireClient> {
    const client = await WireClient.connect(t, ws, json!, { headers: this.cookie === '' ? {} : { cookie: this.cookie } })
    if (client.setCookie !== undefined) this.cookie = client.setCookie.split(';')[0]!
    return client
  }

  /** Opens a WebSocket and says HELLO; resolves to what came. */
  async join (t: Test, ws: string, authmethods = ['cookie']): Promise<{ client: WireClient, answer: unknown[] }> {
    const client = await this.open(t, ws)
    return { client, answer: await client.ask([1, 'realm1', { roles, authmethods, authid: 'joe' }]) }
  }
}
