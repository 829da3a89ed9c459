import type { ContractChecks } from './contract/contract-checks.ts'
import type { CookieOptions } from './cookie-options.ts'
import type { defaults, Filled } from './option-defaults.ts'
import type { EndpointOptions, EventHistoryOptions, FailedLoginOptions, FastifyWampOptions, LimitOptions, RealmOptions, RoleOptions, SlowSubscriberOptions, StaticOptions } from './options.ts'

/** A role with every default filled in. */
export type ResolvedRole = Filled<RoleOptions, typeof defaults.role>
/** A realm with every default filled in. */
export interface ResolvedRealm extends Omit<Filled<RealmOptions, typeof defaults.realm>, 'eventHistory' | 'slowSubscribers' | 'contract'> {
  readonly roles: Readonly<Record<string, ResolvedRole>>
  readonly eventHistory: readonly Required<EventHistoryOptions>[]
  readonly slowSubscribers: readonly Required<SlowSubscriberOptions>[]
  readonly contract: ContractChecks | null
}
/** Static files with every default filled in. */
export interface ResolvedStatic extends Filled<StaticOptions, typeof defaults.static> { readonly root: string }
/** An endpoint with every default filled in. */
export interface ResolvedEndpoint extends Omit<Filled<EndpointOptions, typeof defaults.endpoint>, 'cookie'> { readonly cookie: Required<CookieOptions> | null }
/** The plugin's options with every default filled in. */
export interface ResolvedOptions extends Omit<Filled<FastifyWampOptions, typeof defaults.plugin & typeof defaults.files>, 'static' | 'limits' | 'failedLogins'> {
  readonly endpoint: ResolvedEndpoint
  readonly realms: Readonly<Record<string, ResolvedRealm>>
  readonly static: readonly ResolvedStatic[]
  readonly limits: Required<LimitOptions>
  readonly failedLogins: Required<FailedLoginOptions>
}
