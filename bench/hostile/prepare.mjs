// Fills a realm before an attack. In-process sessions hold everything, since the limits of sessions do not apply to them.
const times = async (count, work) => { for (let i = 0; i < count; i++) await work(i) }

/** Patterns of 64 components; the first ones branch in two. All match `a.a.….a` if `last` is `a`. */
function branching (count, last) {
  const depth = Math.log2(count)
  return (i) => Array.from({ length: 64 }, (_, level) => level === 63 ? last : level < depth && (i >> level & 1) === 1 ? '' : 'a').join('.')
}

/** The commands that prepare a router. */
export function preparations (app, logins) {
  const session = (realm = 'realm1') => app.wamp.join(realm)
  return {
    async subscribe ({ count, topic = 'bench.held.' }) {
      const holder = session()
      await times(count, (i) => holder.subscribe(`${topic}${i}`, () => {}))
    },
    async subscribeBranching ({ count, last }) {
      const [holder, pattern] = [session(), branching(count, last)]
      await times(count, (i) => holder.subscribe(pattern(i), () => {}, { match: 'wildcard' }))
    },
    async registerBranching ({ count, last }) {
      const [holder, pattern] = [session(), branching(count, last)]
      await times(count, (i) => holder.register(pattern(i), () => {}, { match: 'wildcard' }))
    },
    async register ({ count }) {
      const holder = session()
      await times(count, (i) => holder.register(`bench.held.${i}`, () => {}))
    },
    /** So many sessions with one registration each, of one procedure. They never answer. */
    async share ({ count, procedure, invoke, concurrency }) {
      await times(count, () => session().register(procedure, () => new Promise(() => {}), { invoke, ...(concurrency === undefined ? {} : { concurrency }) }))
    },
    async join ({ count, topic }) {
      await times(count, async (i) => {
        const joined = app.wamp.join('realm1', { role: 'other', authid: `user${i}` })
        if (topic !== undefined) await joined.subscribe(topic, () => {})
      })
    },
    async publish ({ count, size, topic, retain = false }) {
      const publisher = session()
      const payload = ['x'.repeat(size)]
      await times(count, (i) => publisher.publish(retain ? `${topic}${i}` : topic, payload, {}, { retain }))
    },
    logIn ({ count }) {
      const record = { authrole: 'other', authmethod: 'ticket', authrealm: 'realm1', created: Date.now(), maxAge: 100_000, userAgent: 'x'.repeat(100), address: '192.0.2.1' }
      for (let i = 0; i < count; i++) {
        const key = i.toString(16).padStart(64, '0')
        logins.set(key, { ...record, authid: `user${i}` })
        logins.set(key.replace(/^0/, '1'), { created: record.created, maxAge: record.maxAge, login: key })
      }
    }
  }
}
