import type { AuthOptions } from '../auth-options.ts'
import { defaults } from '../option-defaults.ts'
import type { Setting } from './setting.ts'

/** Warns of components, which are not started. If no transport lets in a client with the component's role, says what to add. */
export function warnOfComponents (components: Setting, endpoints: readonly { readonly auth?: AuthOptions }[]): void {
  components.warn('are not started: run them as separate WAMP clients')
  const granted = new Set<string>()
  for (const { auth } of endpoints) {
    const roles = rolesOf(auth)
    // The authenticator may return any role.
    if (roles === null) return
    for (const role of roles) granted.add(role)
  }
  for (const component of components.list()) {
    const role = component.map().get('role')
    const name = role?.string()
    if (role === undefined || name === undefined || granted.has(name)) continue
    granted.add(name)
    role.warn(`is a role that no transport grants: add a path for its clients, such as ${JSON.stringify({ [name]: { type: 'websocket', auth: { ticket: { type: 'static', principals: { [name]: { ticket: '…', role: name } } } } } })}`)
  }
}

/** The roles that logins may grant; null if any role. */
function rolesOf (auth: AuthOptions | undefined): readonly string[] | null {
  if (auth === undefined) return [defaults.anonymous.role]
  const roles: string[] = []
  for (const options of Object.values(auth)) {
    // A login by cookie grants the role of an earlier login.
    if (options === undefined || !('type' in options)) continue
    if (options.type === 'dynamic') return null
    const { role, principals, users } = options as { role?: string, principals?: Record<string, { role: string }>, users?: Record<string, { role: string }> }
    const listed = principals ?? users
    if (listed === undefined) roles.push(role ?? defaults.anonymous.role)
    else roles.push(...Object.values(listed).map(({ role }) => role))
  }
  return roles
}
