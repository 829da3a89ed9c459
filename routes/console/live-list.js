import { isLost, valuesOf } from './connection.js'
import { byId, visible } from './dom.js'
import { MOST_ROWS, Table } from './table.js'

const NOT_AUTHORIZED = 'wamp.error.not_authorized'
/** What came too late for what has ended meanwhile is no fault. */
const GONE = ['wamp.error.no_such_session', 'wamp.error.no_such_subscription', 'wamp.error.no_such_registration']
/** The milliseconds between two refreshes, because not every change has an event. */
const LOOK_EVERY = 30_000
/** The maximum number of concurrent calls about single rows. */
const MOST_CALLS = 8

/**
 * A section with a list that events keep up to date. Its arguments are
 * - `list (pages)`: all keys, as a list, or rows by key, as a Map; undefined if the role may not call this;
 * - `look (ask, key)`: the row of a key; undefined if it no longer exists;
 * - `events`: the topics, each with the change that its events make to the list;
 * - `usual`: the status text when nothing is wrong.
 * `ask (procedure, args, gone)` is a call that resolves to undefined if the role may not make it, which is remembered, or if its
 * subject no longer exists, which also calls `gone`. `pages (procedure, enough)` resolves to the first values of all pages of a list, or
 * of the pages until `enough (pages)` is true; undefined if the role may not call it.
 */
export class LiveList {
  #name
  #list
  #look
  #events
  #usual
  #table
  #session = null
  /** The session that follows the events of a topic, by topic. */
  #followed = new Map()
  #keys = new Set()
  #stale = new Set()
  #looking = 0
  #refused = new Set()
  /** True if nothing is there because it may not be asked for. */
  #unknown = false
  /** True if not all pages were asked for. */
  #hasMore = false
  #fault = ''
  #timer

  constructor (name, { columns, order, list, look, events = {}, usual = 'Live.' }) {
    this.#name = name
    this.#list = list
    this.#look = look
    this.#events = events
    this.#usual = usual
    this.#table = new Table(byId(name), columns, order)
    byId(`${name}-refresh`).addEventListener('click', () => this.refresh())
  }

  /** The rows that are shown. */
  rows () {
    return this.#table.keys().map((key) => this.#table.get(key))
  }

  get (key) {
    return this.#table.get(key)
  }

  async open (session) {
    this.#session = session
    this.#refused.clear()
    this.#fault = ''
    byId(`${this.#name}-refresh`).disabled = false
    // Events first, and then the list: nothing can happen between them unseen.
    for (const topic of Object.keys(this.#events)) this.#follow(session, topic)
    await this.refresh()
  }

  /** Takes the events of a topic, over reconnections, until the session is closed or may not have them. */
  async #follow (session, topic) {
    if (this.#followed.get(topic) === session) return
    this.#followed.set(topic, session)
    await this.#try(`subscribe to ${topic}`, async () => {
      for await (const { args } of session.events(topic)) this.#events[topic](this, args)
    })
    if (this.#followed.get(topic) === session) this.#followed.delete(topic)
  }

  lost () {
    this.#session = null
    clearTimeout(this.#timer)
    this.#stale.clear()
    byId(`${this.#name}-refresh`).disabled = true
    this.#say()
  }

  clear () {
    this.#keys.clear()
    this.#stale.clear()
    this.#table.clear()
    this.#say()
  }

  /** Asks for everything again, or only for what is not there yet. */
  async refresh (what = 'everything') {
    const session = this.#session
    clearTimeout(this.#timer)
    if (session === null) return
    this.#fault = ''
    const found = await this.#list(this.#pages(session))
    if (session !== this.#session) return
    if (found !== undefined) this.#replace(found, what)
    this.#unknown = found === undefined && this.#refused.size > 0 && this.#keys.size === 0
    this.#say()
    this.#timer = setTimeout(() => this.#lookAgain(), LOOK_EVERY)
  }

  put (key, row) {
    this.#unknown = false
    this.#keys.add(key)
    this.#table.set(key, row)
    this.#say()
  }

  drop (key) {
    this.#keys.delete(key)
    this.#stale.delete(key)
    this.#table.delete(key)
    this.#say()
  }

  /** Something about a key has changed: what it is now must be asked. */
  touch (key) {
    this.#keys.add(key)
    if (this.#look === undefined || (this.#table.size >= MOST_ROWS && this.#table.get(key) === undefined)) return
    this.#stale.add(key)
    this.#lookOn()
  }

  #lookAgain () {
    const seen = !byId(this.#name).hidden && !document.hidden
    const live = ![...this.#refused].some((what) => what.startsWith('subscribe'))
    if (seen) this.refresh(live ? 'what is new' : 'everything')
    else this.#timer = setTimeout(() => this.#lookAgain(), LOOK_EVERY)
  }

  #replace (found, what) {
    const keys = new Set(found instanceof Map ? found.keys() : found)
    for (const key of this.#keys) if (!keys.has(key)) this.drop(key)
    this.#keys = keys
    if (found instanceof Map) for (const [key, row] of found) this.put(key, row)
    else for (const key of keys) if (what === 'everything' || this.#table.get(key) === undefined) this.touch(key)
  }

  #lookOn () {
    while (this.#looking < MOST_CALLS && this.#stale.size > 0 && this.#session !== null) {
      const [key] = this.#stale
      this.#stale.delete(key)
      this.#looking++
      this.#lookAt(this.#session, key)
    }
  }

  async #lookAt (session, key) {
    const row = await this.#look(this.#ask(session), key)
    this.#looking--
    if (session === this.#session && this.#keys.has(key)) {
      if (row === undefined) this.drop(key)
      // An event may contain more than the role may look up.
      else this.put(key, { ...this.#table.get(key), ...row })
    }
    this.#lookOn()
  }

  #ask (session) {
    return (procedure, args = [], gone) => this.#try(`call ${procedure}`, async () => valuesOf(await session.call(procedure, args)).args[0], gone)
  }

  /** Pages have a cursor where there is more. */
  #pages (session) {
    return (procedure, enough = () => false) => this.#try(`call ${procedure}`, async () => {
      const pages = []
      for (let after; ;) {
        const { args, kwargs } = valuesOf(await session.call(procedure, [], after === undefined ? {} : { after }))
        pages.push(args[0])
        after = kwargs.more
        this.#hasMore = after !== undefined
        if (!this.#hasMore || enough(pages)) return pages
      }
    })
  }

  // A rejected request is not repeated for each row.
  async #try (what, act, gone) {
    if (this.#refused.has(what)) return undefined
    try {
      return await act()
    } catch (error) {
      if (error.error === NOT_AUTHORIZED) this.#refused.add(what)
      else if (GONE.includes(error.error)) gone?.()
      else if (!isLost(error)) this.#fault = `${what}: ${error.message}`
      this.#say()
      return undefined
    }
  }

  /** The line above the table, which says what is and is not shown. */
  #say () {
    const note = byId(`${this.#name}-note`)
    const { size } = this.#keys
    const count = this.#hasMore ? `${size} or more` : size
    byId(`${this.#name}-count`).textContent = this.#unknown ? '–' : count
    this.#table.sayEmpty(this.#unknown ? 'Your role may not list them.' : null)
    const told = []
    if (this.#session === null) told.push('Not connected: the list may be out of date.')
    if (size > this.#table.size && this.#table.size >= MOST_ROWS) told.push(`The first ${MOST_ROWS} of ${count} are shown.`)
    if (this.#refused.size > 0) told.push(`Your role may not ${phrase(this.#refused)}.`)
    if (this.#fault !== '') told.push(`Failed to ${visible(this.#fault)}`)
    note.textContent = told.length > 0 ? told.join(' ') : this.#usual
    note.dataset.tone = told.length > 0 ? 'warn' : 'good'
  }
}

/** Each verb once, with all that it is about. */
function phrase (refused) {
  const uris = (verb) => [...refused].filter((what) => what.startsWith(verb)).map((what) => what.slice(verb.length + 1)).join(', ')
  return ['call', 'subscribe to'].filter((verb) => uris(verb) !== '').map((verb) => `${verb} ${uris(verb)}`).join(', nor ')
}
