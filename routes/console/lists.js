import { valuesOf } from './connection.js'
import { byId, button, confirmBy, dateText, element, foreign, visible } from './dom.js'
import { LiveList } from './live-list.js'
import { MOST_ROWS } from './table.js'

const tag = (text) => text === undefined ? '–' : element('span', 'tag', visible(text))
const uriOf = ({ id, uri }) => uri === undefined ? `id ${id}` : uri === '' ? element('i', 'quiet', 'every URI') : foreign(uri, 'code')
const byUri = (a, b) => (a.uri ?? '').localeCompare(b.uri ?? '') || a.id - b.id
const orDash = (text) => text === undefined || text === null ? element('span', '', '–') : foreign(text)

/** The session that is there now; the lists' buttons act by it. */
let session = null
/** The key of the login that loaded this page. */
const { login: ownLogin } = document.body.dataset

function withTitle (node) {
  node.title = node.textContent
  return node
}

function withMark (text, marked, mark) {
  return element('span', 'marked', text, ...marked ? [' ', element('span', 'tag mine', mark)] : [])
}

function needed () {
  if (session === null) throw new Error('Not connected.')
  return session
}

const sessions = new LiveList('sessions', {
  columns: [
    { label: 'Authid', className: 'main', cell: ({ session: id, authid }) => withMark(orDash(authid), id === session?.id, 'this page') },
    { label: 'Role', cell: ({ authrole }) => authrole === undefined ? '–' : foreign(authrole, 'tag') },
    { label: 'Logged in by', cell: ({ authmethod, authprovider }) => authmethod === undefined ? '–' : foreign(`${authmethod} / ${authprovider}`) },
    { label: 'Session', className: 'number', cell: ({ session: id }) => String(id) },
    { label: 'Actions', className: 'act', fixed: (id, row) => id === session?.id ? [] : [button('Kill', () => kill(id, row()), `Kill session ${id}`)] }
  ],
  list: async (pages) => (await pages('wamp.session.list'))?.flat(),
  look: async (ask, id) => await found(ask, 'wamp.session.get', id, { session: id }),
  events: {
    'wamp.session.on_join': (list, [details]) => list.put(details.session, details),
    'wamp.session.on_leave': (list, [id]) => list.drop(id)
  }
})

/** What a look-up gives; the bare key where the role may not look it up; undefined where there is nothing any more. */
async function found (ask, procedure, id, bare) {
  let gone = false
  const details = await ask(procedure, [id], () => { gone = true })
  return details ?? (gone ? undefined : bare)
}

function kill (id, row) {
  byId('kill-what').replaceChildren('Session ', element('b', 'number', String(id)), ' of ', orDash(row.authid), ' ends at once. Its client may reconnect.')
  byId('kill-message').value = ''
  confirmBy(byId('kill'), async () => {
    const message = byId('kill-message').value
    await needed().call('wamp.session.kill', [id], { reason: byId('kill-reason').value.trim(), ...(message === '' ? {} : { message }) })
  })
}

/** Subscriptions and registrations differ by little more than names. */
function registry (name, { kind, holders, extra, action, use }) {
  const topic = (event) => `wamp.${kind}.${event}`
  const [joins, leaves] = kind === 'subscription' ? ['on_subscribe', 'on_unsubscribe'] : ['on_register', 'on_unregister']
  return new LiveList(name, {
    columns: [
      { label: 'URI', className: 'main', cell: uriOf },
      { label: 'Match', cell: ({ match }) => tag(match) },
      ...extra,
      { label: holders.title, className: 'number', cell: ({ count }) => count === undefined ? '–' : String(count) },
      { label: 'Created', className: 'time', cell: ({ created }) => dateText(created) },
      {
        label: 'Actions',
        className: 'act',
        fixed: (id, row) => [
          button('List', () => showHolders(row(), holders), `List ${holders.title.toLowerCase()} of ${kind} ${id}`),
          button(action, () => use(row()), `${action} ${kind} ${id}`)
        ]
      }
    ],
    order: byUri,
    list: async (pages) => (await pages(`wamp.${kind}.list`))?.flatMap((ids) => Object.values(ids).flat()),
    look: async (ask, id) => {
      const [details, count] = await Promise.all([found(ask, `wamp.${kind}.get`, id, { id }), ask(holders.count, [id])])
      return details === undefined ? undefined : { ...details, count }
    },
    events: {
      [topic('on_create')]: (list, [, details]) => list.put(details.id, details),
      [topic(joins)]: (list, [, id]) => list.touch(id),
      [topic(leaves)]: (list, [, id]) => list.touch(id),
      [topic('on_delete')]: (list, [, id]) => list.drop(id)
    }
  })
}

async function showHolders (row, { title, list }) {
  const dialog = byId('holders')
  const items = byId('holders-list')
  byId('holders-title').replaceChildren(`${title} of `, uriOf(row))
  byId('holders-error').textContent = ''
  items.replaceChildren()
  dialog.showModal()
  try {
    const { args: [ids], kwargs: { more } } = valuesOf(await needed().call(list, [row.id]))
    items.append(...ids.slice(0, 200).map((id) => element('li', '', element('b', 'number', String(id)), ' ', orDash(sessions.get(id)?.authid ?? 'the app, or a session that is not shown'))))
    if (ids.length > 200) items.append(element('li', '', `and ${more === undefined ? '' : 'at least '}${ids.length - 200} more`))
  } catch (error) {
    byId('holders-error').textContent = visible(error.message)
  }
}

function useIn (form, field) {
  return ({ uri = '' }) => {
    byId(field).value = uri
    window.location.hash = form
  }
}

const subscriptions = registry('subscriptions', {
  kind: 'subscription',
  holders: { title: 'Subscribers', count: 'wamp.subscription.count_subscribers', list: 'wamp.subscription.list_subscribers' },
  extra: [],
  action: 'Publish',
  use: useIn('publish', 'publish-uri')
})

const registrations = registry('registrations', {
  kind: 'registration',
  holders: { title: 'Callees', count: 'wamp.registration.count_callees', list: 'wamp.registration.list_callees' },
  extra: [{ label: 'Invoke', cell: ({ invoke }) => tag(invoke) }],
  action: 'Call',
  use: useIn('call', 'call-uri')
})

const logins = new LiveList('logins', {
  columns: [
    { label: 'Authid', className: 'main', cell: ({ cookie, authid }) => withMark(orDash(authid), cookie === ownLogin, 'this browser') },
    { label: 'Role', cell: ({ authrole }) => foreign(authrole, 'tag') },
    { label: 'Logged in by', cell: ({ authmethod }) => foreign(authmethod) },
    { label: 'Browser', className: 'long', cell: ({ user_agent: agent }) => withTitle(orDash(agent)) },
    { label: 'Address', className: 'number', cell: ({ address }) => orDash(address) },
    { label: 'Last seen', className: 'time', cell: ({ last_seen: seen }) => dateText(seen) },
    { label: 'Connected', className: 'number', cell: ({ connected }) => String(connected) },
    { label: 'Actions', className: 'act', fixed: (key, row) => [button('Revoke', () => revoke(key, row()), `Revoke the login ${key.slice(0, 8)}`)] }
  ],
  // Each page costs the server a look at all logins: those that would not be shown are not asked for.
  list: async (pages) => {
    const found = await pages('wamp.login.list', (before) => before.flat().length > MOST_ROWS)
    return found === undefined ? undefined : new Map(found.flat().map((login) => [login.cookie, login]))
  },
  events: { 'wamp.login.on_revoke': (list) => { list.refresh() } },
  usual: 'Refreshed every 30 seconds.'
})

function revoke (key, { authid }) {
  const what = key === ownLogin ? ' This is the login of this page, which ends as well.' : ''
  byId('revoke-what').replaceChildren('The browser of ', orDash(authid), ' has to log in again; its sessions end at once.', what)
  confirmBy(byId('revoke'), async () => {
    await needed().call('wamp.login.revoke', [], { cookie: key })
    logins.refresh()
  })
}

const all = [sessions, subscriptions, registrations, logins]

/** The lists of what there is in the realm. */
export const lists = {
  open (opened) {
    session = opened
    for (const list of all) list.open(opened)
  },
  lost () {
    session = null
    for (const list of all) list.lost()
  },
  clear () {
    for (const list of all) list.clear()
  },
  /** Logins have no event of their own for coming: they are asked for when they are looked at. */
  shown (name) {
    if (name === 'logins') logins.refresh()
  },
  /** The URIs that can be called or published to as they stand. */
  procedures: () => exactUris(registrations),
  topics: () => exactUris(subscriptions)
}

function exactUris (list) {
  return list.rows().filter(({ match }) => match === 'exact').map(({ uri }) => uri)
}
