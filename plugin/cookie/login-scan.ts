import { isExpired } from './cookie-store.ts'
import type { LoginRecord } from './cookie-store.ts'
import type { GuardedStore } from './guarded-store.ts'
import { LoginSnapshot, pause, RUN } from './login-snapshot.ts'
import type { ListedLogin } from './login-snapshot.ts'
import type { LoginUses } from './login-uses.ts'

const none: readonly never[] = Object.freeze([])

/** Reads all valid logins from a store, with their cookies and last uses. `capped` limits the lifetime of a login. Rejects with the error of the store. */
export async function scanLogins ({ store, uses, now, capped }: {
  store: GuardedStore
  uses: LoginUses
  now: () => number
  capped: (record: LoginRecord) => LoginRecord
}): Promise<LoginSnapshot> {
  const logins: [key: string, record: LoginRecord][] = []
  const cookies = new Map<string, string[]>()
  const noted = new Map<string, number>()
  for await (const run of store.runs(RUN, 'list')) {
    const time = now()
    for (const [key, record] of run) {
      if (isExpired(record, time)) continue
      if ('login' in record) addTo(cookies, record.login, key)
      else if ('used' in record) noted.set(record.used, record.lastSeen)
      else {
        const login = capped(record)
        if (!isExpired(login, time)) logins.push([key, login])
      }
    }
    await pause()
  }
  const listed: ListedLogin[] = []
  for (let i = 0; i < logins.length; i++) {
    if (i % RUN === 0) await pause()
    const [key, record] = logins[i]!
    const lastSeen = uses.lastSeen(key, record, noted.get(key))
    if (uses.isRecent(lastSeen)) listed.push({ key, record, cookies: cookies.get(key) ?? none, lastSeen })
  }
  return await LoginSnapshot.of(listed)
}

function addTo (lists: Map<string, string[]>, name: string, item: string): void {
  const list = lists.get(name)
  if (list === undefined) lists.set(name, [item])
  else list.push(item)
}
