/** What is tried with each adapter: see row.ts. */
export const columns = ['contract', 'find and revoke', '40 days', 'sweep', 'restart', 'outage', 'absent at start', 'two of one URI'] as const

export type Column = (typeof columns)[number]

/** How a cell begins where the adapter is at no fault. */
const works: Readonly<Record<Column, RegExp>> = {
  contract: /^yes$/,
  'find and revoke': /^yes$/,
  '40 days': /^yes$/,
  sweep: /^(swept|by itself)$/,
  restart: /^(no server|comes back; away: static, same cookie)$/,
  outage: /^(no server|comes back; logins static after [0-6]\.\d s, static after 0\.\d s, static after 0\.\d s; find [^;]* after 0\.\d s)$/,
  'absent at start': /^(no server|works; logins static after [0-6]\.\d s, static after [0-6]\.\d s, static after [01]\.\d s)$/,
  'two of one URI': /^second then comes by cookie; closed after 0\.\d s, closed after 0\.\d s; $/
}

/** Where an adapter behaves otherwise. */
const faults: readonly (readonly [adapter: string, cells: Partial<Record<Column, RegExp>>])[] = [
  ['@keyv/postgres', {
    restart: /^comes back; away: static, same cookie(; WOULD END THE PROCESS: .*)?$/,
    'absent at start': /^never works; /,
    'two of one URI': /^second then comes by static; closed after \d+\.\d s, closed after \d+\.\d s; a login could not be stored/
  }],
  ['@keyv/mysql', {
    'absent at start': /^never works; /,
    'two of one URI': /^second then comes by static; closed after \d+\.\d s, closed after \d+\.\d s; a login could not be stored/
  }],
  ['@keyv/memcache', {
    contract: /cannot be iterated/,
    'find and revoke': /^found this Keyv storage cannot be iterated/,
    '40 days': /^comes by static; Keyv with \w+ accepted a login but does not return it/,
    restart: /^is forgotten; away: static, same cookie$/
  }]
]

/** What a cell of an adapter is expected to be. */
export function expected (name: string, column: Column): RegExp {
  const [, cells] = faults.find(([adapter]) => name.startsWith(`${adapter} `)) ?? []
  return cells?.[column] ?? works[column]
}
