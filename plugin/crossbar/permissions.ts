import type { PermissionOptions } from '../options.ts'
import { selectionOf } from '../protocol/starred-uri.ts'
import { isUri } from '../protocol/uri.ts'
import type { UriCheck } from '../protocol/uri.ts'
import { present } from './setting.ts'
import type { Setting } from './setting.ts'

/** A permission of a role, with the setting that it is read from. */
interface Entry {
  readonly setting: Setting
  readonly permission: PermissionOptions
}

/** A wildcard that Crossbar.io applies. */
const applicable = /^[a-z0-9][a-z0-9_-]*(?:\.(?:[a-z0-9][a-z0-9_-]*)?)*$/

/**
 * Reads the permissions of a role. Of several permissions with the same URI, Crossbar.io applies the last one, whatever their match
 * policies are. A permission that has no effect there is omitted, with a warning.
 */
export function readPermissions (setting: Setting, uriCheck: UriCheck | undefined): PermissionOptions[] {
  const entries = setting.list().map((entry) => ({ setting: entry, permission: readPermission(entry, uriCheck) }))
  const applied = new Map<string, Entry>(entries.map((entry) => [keyOf(entry.permission), entry]))
  for (const { setting, permission } of entries) {
    const last = applied.get(keyOf(permission))!
    const isSame = selectionOf(last.permission).uri === selectionOf(permission).uri
    if (last.permission !== permission) {
      setting.warn(`has no effect, as in Crossbar.io: ${last.setting.path} replaces it, because it has the same ${isSame ? 'URI' : 'components before its first wildcard'}`)
    } else if (!isEverApplied(permission)) {
      setting.warn('has no effect, as in Crossbar.io, which only applies wildcards like "com..news": with two dots after a component, and no capital letters')
    }
  }
  return [...applied.values()].flatMap(({ permission }) => isEverApplied(permission) ? [permission] : [])
}

/** Crossbar.io stores one permission for each key: the text before the first wildcard, or the whole URI. */
function keyOf (permission: PermissionOptions): string {
  const { uri } = selectionOf(permission)
  const wildcard = uri.indexOf('..')
  return wildcard < 0 ? uri : uri.slice(0, wildcard + 2)
}

/** False for a wildcard that matches nothing in Crossbar.io. */
function isEverApplied (permission: PermissionOptions): boolean {
  const { uri, match } = selectionOf(permission)
  return match !== 'wildcard' || (uri.includes('..') && applicable.test(uri))
}

function readPermission (setting: Setting, uriCheck: UriCheck | undefined): PermissionOptions {
  const permission = setting.record({ served: ['uri', 'match', 'allow', 'disclose', 'cache', 'validate'] })
  permission.find('validate')?.fail('is not supported: payloads are not validated')
  const uri = permission.get('uri').string()
  const match = permission.find('match')?.oneOf(['exact', 'prefix', 'wildcard'])
  if (match !== undefined && !isUri(uri, match, uriCheck)) permission.get('uri').fail(`must be a URI that fits match "${match}"`)

  const allow = permission.find('allow')?.record({ served: ['call', 'register', 'publish', 'subscribe'] })
  const disclose = permission.find('disclose')?.record({ served: ['caller', 'publisher'] })
  return {
    uri,
    ...present({
      match,
      cache: permission.find('cache')?.flag(),
      allow: allow && present({
        call: allow.find('call')?.flag(),
        register: allow.find('register')?.flag(),
        publish: allow.find('publish')?.flag(),
        subscribe: allow.find('subscribe')?.flag()
      }),
      disclose: disclose && present({ caller: disclose.find('caller')?.flag(), publisher: disclose.find('publisher')?.flag() })
    })
  }
}
