import { isExpired } from './cookie-store.ts'
import type { LoginRecord } from './cookie-store.ts'
import type { GuardedStore } from './guarded-store.ts'
import { KeyedSet } from './keyed-set.ts'
import { LoginSnapshot, pause, RUN } from './login-snapshot.ts'
import type { ListedLogin } from './login-snapshot.ts'
import type { LoginUses } from './login-uses.ts'

/** Reads all valid logins from a store, with their cookies and last uses. `capped` limits the lifetime of a login. Rejects with the error of the store. */
export async function scanLogins ({ store, uses, now, capped }: {
  store: GuardedStore
  uses: LoginUses
  now: () => number
  capped: (record: LoginRecord) => LoginRecord
}): Promise<LoginSnapshot> {
  const logins: [key: string, record: LoginRecord][] = []
  const cookies = new KeyedSet<string>()
  const noted = new Map<string, number>()
  for await (const run of store.runs(RUN)) {
    for (const [key, record] of run) {
      if (isExpired(record, now())) continue
      if ('login' in record) cookies.add(record.login, key)
      else if ('used' in record) noted.set(record.used, record.lastSeen)
      else if (!isExpired(capped(record), now())) logins.push([key, capped(record)])
    }
    await pause()
  }
  const listed: ListedLogin[] = []
  for (const [i, [key, record]] of logins.entries()) {
    if (i % RUN === 0) await pause()
    const lastSeen = uses.lastSeen(key, record, noted.get(key))
    if (uses.isRecent(lastSeen)) listed.push({ key, record, cookies: cookies.get(key), lastSeen })
  }
  return await LoginSnapshot.of(listed)
}
