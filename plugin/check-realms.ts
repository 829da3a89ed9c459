import { doubtOf } from './authorization/permission-doubts.ts'
import { errors } from './errors.ts'
import { trusted } from './protocol/trusted.ts'
import { selectionOf } from './protocol/starred-uri.ts'
import { isUri } from './protocol/uri.ts'
import type { MatchPolicy, UriCheck } from './protocol/uri.ts'
import type { ResolvedOptions } from './resolved-options.ts'

/** Checks realms beyond their schema. Throws WAMP_ERR_INVALID_OPTION. */
export function checkRealms (realms: ResolvedOptions['realms']): void {
  for (const [name, { roles, uriCheck, eventHistory, slowSubscribers }] of Object.entries(realms)) {
    if (!isUri(name)) throw new errors.WAMP_ERR_INVALID_OPTION(`realms.${name}`, 'must have a URI as its name')
    checkPatterns(eventHistory, uriCheck, `realms.${name}.eventHistory`)
    checkPatterns(slowSubscribers, uriCheck, `realms.${name}.slowSubscribers`)
    for (const [role, { permissions, authorizer }] of Object.entries(roles)) {
      const path = `realms.${name}.roles.${role}`
      if (authorizer !== null && permissions.length > 0) throw new errors.WAMP_ERR_INVALID_OPTION(`${path}.authorizer`, 'cannot be combined with permissions')
      if (role === trusted) throw new errors.WAMP_ERR_INVALID_OPTION(path, 'is the app\'s own role: it cannot be configured')
      const selections = permissions.map((permission) => JSON.stringify(selectionOf(permission)))
      permissions.forEach(({ uri, match }, i) => {
        const first = selections.indexOf(selections[i]!)
        if (first !== i) throw new errors.WAMP_ERR_INVALID_OPTION(`${path}.permissions[${i}].uri`, `selects the same URIs as ${path}.permissions[${first}]: combine the two permissions`)
        const doubt = doubtOf({ uri, match }, uriCheck)
        if (match !== undefined && !isUri(uri, match, uriCheck)) throw new errors.WAMP_ERR_INVALID_OPTION(`${path}.permissions[${i}].uri`, `must be a URI that fits match "${match}"${doubt === null ? '' : `: it ${doubt.text}`}`)
        if (uriCheck === 'strict' && doubt?.isFutile === true) throw new errors.WAMP_ERR_INVALID_OPTION(`${path}.permissions[${i}].uri`, doubt.text)
      })
    }
  }
}

function checkPatterns (patterns: readonly { uri: string, match: MatchPolicy }[], uriCheck: UriCheck, path: string): void {
  patterns.forEach(({ uri, match }, i) => {
    if (!isUri(uri, match, uriCheck)) throw new errors.WAMP_ERR_INVALID_OPTION(`${path}[${i}].uri`, `must be a URI that fits match "${match}"`)
    const first = patterns.findIndex((other) => other.uri === uri && other.match === match)
    if (first !== i) throw new errors.WAMP_ERR_INVALID_OPTION(`${path}[${i}].uri`, `is already used in ${path}[${first}]`)
  })
}

/** The permissions that are probably mistakes, by the path of each option, with suggestions. */
export function * doubtfulPermissions (realms: ResolvedOptions['realms']): Iterable<{ option: string, text: string }> {
  for (const [name, { roles, uriCheck }] of Object.entries(realms)) {
    for (const [role, { permissions }] of Object.entries(roles)) {
      for (const [i, permission] of permissions.entries()) {
        const doubt = doubtOf(permission, uriCheck)
        if (doubt !== null) yield { option: `realms.${name}.roles.${role}.permissions[${i}].uri`, text: `the permission ${doubt.text}` }
      }
    }
  }
}
