/** What keeps an attack off, how it is switched off, and the test that fails then. */
export interface Defence {
  /** A sentence for docs/security.md. */
  readonly defence: string
  readonly file: string
  /** What stands in the file, once. */
  readonly code: string
  /** What stands there when the defence is off. */
  readonly without: string
  /** The test that must fail then: its file below test/, and how its name begins. */
  readonly test: readonly [file: string, name: string]
}

const tracker = 'plugin/cookie/cookie-tracker.ts'
const connections = 'plugin/cookie/login-connections.ts'
const loginStore = 'plugin/cookie/login-store.ts'
const foreignPages = 'attacks/foreign-pages.test.ts'
const planted = 'attacks/planted-cookies.test.ts'
const stolen = 'attacks/stolen-cookies.test.ts'
const confused = 'attacks/confused-endpoints.test.ts'
const floods = 'attacks/floods.test.ts'
const openConnections = 'routes/connections.test.ts'

/** Every defence of cookies and logins that stands in one place. */
export const defences: readonly Defence[] = [
  {
    defence: 'Upgrades from pages of a foreign origin are rejected',
    file: 'routes/websocket.ts',
    code: 'if (!isAllowedOrigin(request, endpoint)) {',
    without: 'if (!isAllowedOrigin(request, { ...endpoint, allowedOrigins: ["*"] })) {',
    test: [foreignPages, 'neither a page of another origin nor']
  },
  {
    defence: 'An invalid Origin, such as `null`, is treated as foreign',
    file: 'routes/origin.ts',
    code: 'if (!URL.canParse(origin)) return false',
    without: 'if (!URL.canParse(origin)) return true',
    test: [foreignPages, 'neither a page of another origin nor']
  },
  {
    defence: 'With `allowedHosts`, pages of a domain that resolves to this server (DNS rebinding) are treated as foreign',
    file: 'routes/origin.ts',
    code: '(allowedHosts === null || allowedHosts.includes(hostname))',
    without: 'true',
    test: ['routes/origin.test.ts', 'an unlisted host']
  },
  {
    defence: 'On REST routes, requests from pages of a foreign origin are unauthenticated',
    file: 'routes/identity.ts',
    code: 'const trusted = isAllowedOrigin(request, endpoint)',
    without: 'const trusted = isAllowedOrigin(request, ["*"])',
    test: [foreignPages, 'a page of another origin is']
  },
  {
    defence: 'Only WebSocket routes accept an upgrade: on other routes, the size of a message would not be limited by `messageSize`',
    file: 'routes/host.ts',
    code: 'if (!request.ws) return done()',
    without: 'return done()',
    test: ['attacks/upgrades.test.ts', 'only WebSocket routes']
  },
  {
    defence: 'The HTTP bridge does not keep the text of a body while the request waits for an answer',
    file: 'routes/bridge.ts',
    code: '  bodies.delete(request)\n',
    without: '',
    test: ['routes/kept-bodies.test.ts', 'no route keeps the text']
  },
  {
    defence: 'A procedure route does not keep the text of a body while the request waits for an answer',
    file: 'routes/json-border.ts',
    code: 'texts.get(request)?.splice(0)',
    without: 'texts.get(request)',
    test: ['routes/kept-bodies.test.ts', 'no route keeps the text']
  },
  {
    defence: 'A procedure route does not keep the values of a body that it has refused, while the response waits for an earlier one',
    file: 'routes/held-body.ts',
    code: 'if (!counted.has(request)) request.body = undefined',
    without: '',
    test: ['routes/kept-bodies.test.ts', 'no route keeps the body of an answered']
  },
  {
    defence: 'The HTTP bridge does not keep the text of a body that a hook of the app has refused, while the response waits for an earlier one',
    file: 'routes/bridge.ts',
    code: 'Promise<void> => { textTaken(request) }',
    without: 'Promise<void> => {}',
    test: ['routes/kept-bodies.test.ts', 'no route keeps the body of an answered']
  },
  {
    defence: 'A procedure route does not keep the text of a body that it has refused, while the response waits for an earlier one',
    file: 'routes/json-border.ts',
    code: 'onSend: async (request) => { textTaken(request) }',
    without: 'onSend: async () => {}',
    test: ['routes/kept-bodies.test.ts', 'no route keeps the body of an answered']
  },
  {
    defence: 'Log lines about data of a client are short, for example those about the ERROR of an authorizer',
    file: 'plugin/log-limit.ts',
    code: 'this.#log[level](shortDetails(details), text)',
    without: 'this.#log[level](details, text)',
    test: ['log-limit.test.ts', 'no log line is as long']
  },
  {
    defence: 'The URI of an ERROR has at most 4096 characters',
    file: 'plugin/protocol/wire-format.ts',
    code: 'isUri(value) && value.length <= LONGEST_URI',
    without: 'isUri(value)',
    test: ['log-limit.test.ts', 'an ERROR may have a URI of 4096']
  },
  {
    defence: 'Scripts cannot read the cookie',
    file: 'plugin/option-defaults.ts',
    code: 'httpOnly: true',
    without: 'httpOnly: false',
    test: [foreignPages, 'the cookie is hidden from']
  },
  {
    defence: 'An upgrade without a login receives a fresh cookie, regardless of the cookie that it carries',
    file: tracker,
    code: 'const value = this.#freshFor(brought)\n    const hand',
    without: 'const value = brought?.value ?? this.#freshFor(brought)\n    const hand',
    test: [planted, 'the attacker who planted']
  },
  {
    defence: 'A login is not bound to the cookie that the client sent',
    file: 'plugin/cookie/handed-id.ts',
    code: 'return [this]\n',
    without: 'return this.#parent === undefined ? [this] : [this, this.#parent]\n',
    test: [planted, 'the attacker who planted']
  },
  {
    defence: 'A login is not bound to cookies that other clients received when they sent the same cookie',
    file: 'plugin/cookie/handed-id.ts',
    code: 'return [this]\n',
    without: 'return this.#parent === undefined ? [this] : [this, ...this.#parent.#children]\n',
    test: [planted, 'a cookie that another upgrade']
  },
  {
    defence: 'A REST login receives a fresh cookie',
    file: tracker,
    code: 'const value = this.#freshFor(values.find(({ value }) => visitorOf(value) !== undefined))',
    without: 'const value = values[0]?.value ?? this.#freshFor(values.find(({ value }) => visitorOf(value) !== undefined))',
    test: [planted, 'a REST login receives a']
  },
  {
    defence: 'If a browser has another user\'s cookie, logging in ends the login of that other user',
    file: 'plugin/cookie/login-replacements.ts',
    code: 'connection.detach()\n    await this.#store.forget(login)\n',
    without: 'connection.detach()\n',
    test: [planted, 'logging in with a cookie']
  },
  {
    defence: 'The grant of a new login replaces the stored one',
    file: 'plugin/cookie/login-replacements.ts',
    code: 'if (isSameGrant(before.record, next.record)) return',
    without: 'if (before.record !== next.record) return',
    test: ['cookie/cookie-tracker.test.ts', 'the grant of a new']
  },
  {
    defence: 'If a new login has a different role, the other sessions of the login end',
    file: connections,
    code: 'const lasts = before.record.authrole === next.record.authrole',
    without: 'const lasts = before !== next',
    test: ['cookie/cookie-tracker.test.ts', 'the grant of a new']
  },
  {
    defence: 'With `secret`, unsigned values are not looked up',
    file: 'plugin/cookie/tracking-cookie.ts',
    code: 'return valid ? { value, renew } : null',
    without: 'return valid ? { value, renew } : { value: sent, renew: false }',
    test: [planted, 'with a secret, forged cookies']
  },
  {
    defence: 'A logout deletes the login',
    file: tracker,
    code: 'this.#connections.end(login.key, except)\n    return await this.#store.forget(login)\n',
    without: 'this.#connections.end(login.key, except)\n    return "is deleted"\n',
    test: [stolen, 'a stolen cookie is invalid']
  },
  {
    defence: 'A logout ends the other sessions of the login',
    file: connections,
    code: 'if (connection !== except) connection.end(reasons.logout)',
    without: 'if (connection === null) connection.end(reasons.logout)',
    test: [stolen, 'a stolen cookie is invalid']
  },
  {
    defence: 'A REST login deletes the login of the request\'s cookie',
    file: tracker,
    code: 'await Promise.all([...found, ...this.#connections.unstoredOf(keysOf(values))].map((before) => this.forget(before, null)))\n',
    without: '\n',
    test: [stolen, 'a stolen cookie is also']
  },
  {
    defence: 'A REST logout fails if the store cannot look up the cookie',
    file: tracker,
    code: "throw new errors.WAMP_ERR_SIGN_OUT('is not possible now: the cookie store fails')",
    without: 'return this.#cookie.remove(secure)',
    test: ['routes/sign-out.test.ts', 'a REST logout that the store cannot look up']
  },
  {
    defence: 'A REST logout fails until the store has deleted the login',
    file: tracker,
    code: 'this.#store.remove(ended, keysOf(values))',
    without: 'this.#store.remove(ended)',
    test: ['routes/sign-out.test.ts', 'a REST logout that the store cannot write']
  },
  {
    defence: 'A client that logs out over WAMP is told if the store has not deleted its login',
    file: 'plugin/session/logout.ts',
    code: 'deletion === \'is not deleted\' ? incomplete : noDetails',
    without: 'noDetails',
    test: ['session/logout.test.ts', 'a logout that the store cannot write']
  },
  {
    defence: 'A client that repeats its logout on the same connection is told again until the store has deleted its login',
    file: 'plugin/cookie/cookie-connection.ts',
    code: 'const login = this.#former = this.#login ?? this.#former',
    without: 'const login = this.#former = this.#login',
    test: ['session/logout.test.ts', 'a logout is tried again']
  },
  {
    defence: 'A REST login fails if the store cannot look up the login that it replaces',
    file: tracker,
    code: 'await this.#store.forget(login)\n      throw',
    without: 'return this.#cookie.write(value, secure)\n      throw',
    test: ['cookie/login-store.test.ts', 'a REST logout or login']
  },
  {
    defence: 'The sessions and logins of a user can be ended together',
    file: 'plugin/meta/session-procedures.ts',
    code: 'return revoking ? revokeLogins(authid).then(() => result) : result',
    without: 'return result',
    test: [stolen, 'a user whose sessions and']
  },
  {
    defence: 'A revocation ends the sessions of the login',
    file: connections,
    code: 'for (const key of known.keys()) this.end(key, null)',
    without: '',
    test: ['cookie/revocation.test.ts', 'a revocation takes effect at once while the store']
  },
  {
    defence: 'A user who is no longer configured cannot log in by cookie',
    file: 'plugin/auth/cookie-authenticator.ts',
    code: 'if (user === undefined || (user.realm !== undefined && user.realm !== authrealm)) return false',
    without: 'if (user === undefined) return true',
    test: [stolen, 'a user who is no']
  },
  {
    defence: 'A login by cookie is rejected at an endpoint where the login\'s method is not configured',
    file: 'plugin/auth/cookie-authenticator.ts',
    code: '(method === null || offered.typeOf(method) !== undefined) && verify(record)',
    without: 'verify(record)',
    test: [stolen, 'a login by a method']
  },
  {
    defence: 'A login by cookie is looked up by the method that created it, not by the `authmethod` that it reports',
    file: 'plugin/auth/cookie-authenticator.ts',
    code: 'const configured = users.get(method)',
    without: 'const configured = users.get(authmethod)',
    test: [stolen, 'a login has the role']
  },
  {
    defence: 'A login that the app created is not looked up among configured users of the same name',
    file: 'plugin/auth/cookie-authenticator.ts',
    code: 'if (method === null) return true',
    without: 'if (method === null) return verifyStaticUsers(auth, path)({ created: 0, maxAge: 0, authmethod, authid, authrealm, authrole })',
    test: [stolen, 'a login has the role']
  },
  {
    defence: 'A login at one endpoint grants no other role at another',
    file: 'plugin/auth/cookie-authenticator.ts',
    code: 'return endpoint === path ? { authrole: user.role } : user.role === authrole',
    without: 'return { authrole: user.role }',
    test: [stolen, 'a login at one endpoint']
  },
  {
    defence: 'A login by a function at one endpoint is not valid at another',
    file: 'plugin/auth/cookie-authenticator.ts',
    code: 'if (configured === undefined) return endpoint === undefined || endpoint === path',
    without: 'if (configured === undefined) return true',
    test: [confused, 'a login at an endpoint without']
  },
  {
    defence: 'A login is not valid if the type of its method has changed since, for example if a function has been replaced by configured users',
    file: 'plugin/auth/cookie-authenticator.ts',
    code: 'if (type !== undefined && type !== offered.typeOf(method!)) return false',
    without: 'if (type === null) return false',
    test: [stolen, 'a login by a method of one type']
  },
  {
    defence: 'Failed logins with authids that a database of the app may treat as equal are counted together',
    file: 'plugin/auth/spelling.ts',
    code: '.normalize(\'NFKD\').replace(IGNORED, \'\')',
    without: '.normalize(\'NFKD\').replace(/[\\p{M}\\s]/gu, \'\')',
    test: ['auth/failed-logins.test.ts', 'names that a database of the app']
  },
  {
    defence: 'Failed logins with authids that differ in digits or letters that a database of the app may treat as equal are counted together',
    file: 'plugin/auth/spelling.ts',
    code: '.replace(RELATED, letterOf)',
    without: '',
    test: ['auth/failed-logins.test.ts', 'names that a database of the app']
  },
  {
    defence: 'A dynamic authenticator for anonymous clients does not give them the authid that they ask for, unless it returns it',
    file: 'plugin/auth/dynamic-authenticator.ts',
    code: '?? (method === \'anonymous\' ? attempt.pseudonym',
    without: '?? attempt.authid ?? (method === \'anonymous\' ? attempt.pseudonym',
    test: ['conformance/dynamic.test.ts', 'a procedure can also decide about anonymous sessions']
  },
  {
    defence: 'A cookie is not read if white space that HTTP does not allow precedes `__Host-` in its name, because browsers do not protect such a cookie',
    file: 'plugin/cookie/tracking-cookie.ts',
    code: 'return character === \' \' || character === \'\\t\'',
    without: 'return character?.trim() === \'\'',
    test: ['cookie/tracking-cookie.test.ts', 'a name with any other space']
  },
  {
    defence: 'A page of another origin cannot log a browser out',
    file: 'routes/identity.ts',
    code: 'if (!isAllowedOrigin(this.request, endpoint)) throw',
    without: 'if (!isAllowedOrigin(this.request, { ...endpoint, allowedOrigins: ["*"] })) throw',
    test: ['routes/sign-out.test.ts', 'a page of another origin cannot log']
  },
  {
    defence: 'A login ends if the request that made it logs out, or logs in again',
    file: 'routes/identity.ts',
    code: 'signedIn.set(this.request, cookie.split(\';\')[0]!)',
    without: '',
    test: ['routes/sign-out.test.ts', 'a login that the same request made before']
  },
  {
    defence: 'If a hook of the app does not await the hook of `wampRequireRole`, requests without the role are still rejected',
    file: 'routes/identity.ts',
    code: 'request[kGuards] = [...request[kGuards] ?? [], meant]\n      await identify(request)',
    without: 'await identify(request)\n      request[kGuards] = [...request[kGuards] ?? [], meant]',
    test: ['routes/identity.test.ts', 'a hook that calls the one of wampRequireRole']
  },
  {
    defence: 'If a preHandler hook of the app does not await the hook of `wampRequireRole`, requests without the role are still rejected',
    file: 'routes/identity.ts',
    code: 'route.preHandler = [route.preHandler ?? [], check].flat()',
    without: 'void route',
    test: ['routes/identity.test.ts', 'a hook that calls the one of wampRequireRole']
  },
  {
    defence: 'If a hook that runs before those of the plugin opens a session, the session ends when its client disconnects',
    file: 'routes/identity.ts',
    code: 'if (session !== undefined) whenResponseEnds(reply',
    without: 'if (session === null) whenResponseEnds(reply',
    test: ['routes/request-session.test.ts', 'a session that a hook before the plugin']
  },
  {
    defence: 'Endpoints at one path of two ports cannot share logins that they would check differently',
    file: 'plugin/endpoint.ts',
    code: 'if (this.#endpoints.some((other) => areConfusable(endpoint, other))) {',
    without: 'if (areConfusable(endpoint, endpoint)) {',
    test: [confused, 'endpoints at one path of two ports are refused']
  },
  {
    defence: 'Endpoints at the same path and different prefixes are different endpoints for logins by cookie',
    file: 'plugin/endpoint.ts',
    code: 'trackers.entrance(tracker, placed, authenticators)',
    without: 'trackers.entrance(tracker, options, authenticators)',
    test: [confused, 'a login under one prefix']
  },
  {
    defence: 'A login at an endpoint that only tracks browsers is not valid at another endpoint',
    file: 'plugin/cookie/cookie-entrance.ts',
    code: '{ path: this.#path, typeOf:',
    without: '{ path: this.#verify === null ? undefined as never : this.#path, typeOf:',
    test: [confused, 'a login at an endpoint without logins by cookie']
  },
  {
    defence: 'Stores contain only hashes of cookies',
    file: 'plugin/cookie/cookie-id.ts',
    code: 'export function keyOf (value: string): string {\n  return createHash(\'sha256\').update(value).digest(\'hex\')',
    without: 'export function keyOf (value: string): string {\n  return value',
    test: [stolen, 'neither the keys nor the']
  },
  {
    defence: 'A logout invalidates pending lookups',
    file: loginStore,
    code: 'for (const lookUp of this.#lookUps.get(key)) lookUp.void = true',
    without: '',
    test: ['cookie/login-store.test.ts', 'a logout during a lookup']
  },
  {
    defence: 'A login ends before its deletion has been written',
    file: loginStore,
    code: 'if (this.#ended.has(key)) return null',
    without: '',
    test: ['cookie/login-store.test.ts', 'a client that connects while']
  },
  {
    defence: 'A failed deletion is retried',
    file: 'plugin/cookie/ended-logins.ts',
    code: 'this.#schedule()\n    throw failed.reason',
    without: 'throw failed.reason',
    test: ['cookie/login-store.test.ts', 'a logout that the store cannot write']
  },
  {
    defence: 'A store is not closed while a logout is being written',
    file: 'plugin/cookie/ended-logins.ts',
    code: 'await Promise.allSettled(this.#deletions)',
    without: '',
    test: ['cookie/ended-logins.test.ts', 'a store is not closed while']
  },
  {
    defence: 'A change whose answer is lost does not block a later logout',
    file: 'plugin/cookie/keyv-store.ts',
    code: 'askStore(change)',
    without: 'change()',
    test: ['cookie/keyv-store.test.ts', 'a change whose answer is']
  },
  {
    defence: 'A login that a store writes after its logout is deleted again',
    file: 'plugin/cookie/keyv-store.ts',
    code: "if (late.state === 'is deleted') this.delete(key).catch(() => {})",
    without: '',
    test: ['cookie/keyv-store.test.ts', 'a change whose answer is']
  },
  {
    defence: 'A login that ended in another process while the same user logged in again is not restored',
    file: 'plugin/cookie/login-replacements.ts',
    code: "still === null || still === 'cannot tell'",
    without: 'still === undefined',
    test: ['cookie/relogin.test.ts', 'a logout there while']
  },
  {
    defence: 'If a login ended in another process while the same user logged in again, the session of the new login ends as well',
    file: 'plugin/cookie/login-replacements.ts',
    code: 'by.overrule()',
    without: 'by.device.toString()',
    test: ['cookie/relogin.test.ts', 'a logout there while']
  },
  {
    defence: 'If a new login has replaced the one that is being logged out, the logout ends both',
    file: 'plugin/cookie/login-deletion.ts',
    code: 'await Promise.all(references.map((reference) => this.#loginOf(reference)))',
    without: '[key]',
    test: ['cookie/relogin.test.ts', 'a logout in another process that looked']
  },
  {
    defence: 'A logout, or a new login, also applies to cookies that have replaced those of its connection, in this process or in another one',
    file: 'plugin/cookie/login-deletion.ts',
    code: 'const references = [successorKeyOf(key), ...cookies]',
    without: 'const references = [...cookies]',
    test: ['cookie/newest-login.test.ts', 'a login there also takes over']
  },
  {
    defence: 'Of several logins on one cookie, the newest one remains, and a logout in any tab ends it',
    file: 'plugin/cookie/login-replacements.ts',
    code: 'login !== undefined && this.#turns.has(login.key)',
    without: 'login === undefined',
    test: ['cookie/newest-login.test.ts', 'of the logins of a user in several tabs, at the same moment']
  },
  {
    defence: 'A session that the cookie is about to open ends if another role has replaced the role of the login in the meantime',
    file: 'plugin/cookie/cookie-connection.ts',
    code: 'this.#login.record.authrole !== (this.#recalled ?? this.#login).record.authrole',
    without: 'false',
    test: ['cookie/newest-login.test.ts', 'a session that the cookie is about']
  },
  {
    defence: 'A failing store is not treated as a store without the login',
    file: loginStore,
    code: '    } catch (error) {\n      return this.#cannotTell(error)\n    }\n  }\n\n  #cannotTell',
    without: '    } catch (error) {\n      this.#cannotTell(error)\n      return undefined\n    }\n  }\n\n  #cannotTell',
    test: ['cookie/login-store.test.ts', 'a store that throws does']
  },
  {
    defence: 'With `idleTimeout`, an unused login ends',
    file: loginStore,
    code: 'else if (await this.#uses.isIdle(key, login)) await this.#endLogin(key)\n',
    without: '\n',
    test: ['cookie/login-store.test.ts', 'an unused login ends after']
  },
  {
    defence: 'An expired login is rejected',
    file: loginStore,
    code: 'if (isExpired(login, this.#now())) await this.forget({ key, cookies: [] })\n      else if',
    without: 'if',
    test: ['cookie/cookie-tracker.test.ts', 'expiry is enforced by the']
  },
  {
    defence: 'An expired login ends the sessions that logged in with it',
    file: 'plugin/cookie/cookie-connection.ts',
    code: 'this.#liftExpiry = this.#tracker.expire(this.#login, () => { this.end(reasons.logout) })',
    without: '',
    test: ['cookie/cookie-tracker.test.ts', 'expiry is enforced by the']
  },
  {
    defence: 'A login that another process deleted ends its sessions here',
    file: connections,
    code: 'if (record === null && isStill()) this.end(login.key, null)',
    without: '',
    test: ['cookie/login-connections.test.ts', 'a login that another process']
  },
  {
    defence: 'A login that another process deleted ends the session that created it',
    file: connections,
    code: '(!connection.letsIn && this.#store.mayBeMissing(login))',
    without: '!connection.letsIn',
    test: ['cookie/login-connections.test.ts', 'the session that created a']
  },
  {
    defence: 'A replaced cookie becomes invalid',
    file: 'plugin/cookie/cookie-rotation.ts',
    code: 'maxAge: Math.min(record.maxAge, left)',
    without: 'maxAge: Math.max(record.maxAge, left)',
    test: ['cookie/cookie-rotation.test.ts', 'the older cookie is valid']
  },
  {
    defence: 'A client that ignores rotated cookies does not make the store grow',
    file: 'plugin/cookie/cookie-rotation.ts',
    code: 'if (replacement !== undefined) await',
    without: 'if (replacement === key) await',
    test: ['cookie/cookie-rotation.test.ts', 'a client that ignores newer']
  },
  {
    defence: 'A closed connection leaves no data behind',
    file: tracker,
    code: 'if (handed !== undefined) this.#handed.leave(handed)',
    without: '',
    test: [floods, 'visitors without a cookie leave']
  },
  {
    defence: 'Only a few of many cookies in one header are looked up',
    file: 'plugin/cookie/tracking-cookie.ts',
    code: 'const MOST_VALUES = 4',
    without: 'const MOST_VALUES = 1e9',
    test: [floods, 'the Cookie header of one']
  },
  {
    defence: 'A REST logout ends the login even if the request also has planted cookies',
    file: 'plugin/cookie/tracking-cookie.ts',
    code: 'const values = this.read(header, MOST_ENDED + 1)',
    without: 'const values = this.read(header)',
    test: ['routes/sign-out.test.ts', 'a REST logout and a REST login end the logins of all cookies']
  },
  {
    defence: 'After too many failed logins, a client is not even challenged',
    file: 'plugin/session/handshake.ts',
    code: 'await this.#beginCheck()\n    return await authenticator',
    without: 'return await authenticator',
    test: ['auth/failed-logins.test.ts', 'a client that guesses is']
  },
  {
    defence: 'The number of concurrent proof checks does not exceed the number of failures left',
    file: 'plugin/auth/failed-logins.ts',
    code: '< line.checking + 1',
    without: '< 1',
    test: ['auth/failed-logins.test.ts', 'the number of concurrent proof']
  },
  {
    defence: 'Clients that are challenged before any of them answers get no additional guesses',
    file: 'plugin/session/handshake.ts',
    code: 'await this.#beginCheck()\n    return answer',
    without: 'return answer',
    test: ['auth/failed-logins.test.ts', 'clients that are all challenged']
  },
  {
    defence: 'A failed proof counts even if the client disconnects right after sending it',
    file: 'plugin/session/handshake.ts',
    code: 'const delay = counts ? ',
    without: 'if (this.#state === \'over\') return\n    const delay = counts ? ',
    test: ['auth/failed-logins.test.ts', 'a wrong answer counts even']
  },
  {
    defence: 'Failed logins with names that a method treats as equal are counted together',
    file: 'plugin/auth/spelling.ts',
    code: 'name.slice(0, LONGEST_NAME)',
    without: 'name.slice(0, 256)',
    test: ['auth/failed-logins.test.ts', 'names that a method treats']
  },
  {
    defence: 'Failed logins with made-up names do not use unlimited memory',
    file: 'plugin/recent.ts',
    code: 'if (this.#young.size < this.#half) return',
    without: 'if (this.#young.size > 0) return',
    test: ['auth/failed-logins.test.ts', 'made-up names do not make']
  },
  {
    defence: 'Unknown users receive the same challenges as known ones',
    file: 'plugin/auth/wampcra-authenticator.ts',
    code: 'const stranger = unknown(authid)',
    without: 'const stranger = nobody',
    test: ['auth/authenticators.test.ts', 'an unknown WAMP-CRA user receives']
  },
  {
    defence: 'No login grants the app\'s own role',
    file: 'plugin/realm/realm.ts',
    code: 'return role !== trusted && ',
    without: 'return ',
    test: ['auth/authenticators.test.ts', 'the grant of a function']
  },
  {
    defence: 'No REST login grants the app\'s own role',
    file: 'routes/identity.ts',
    code: 'if (!realm.grants(role))',
    without: 'if (!realm.hasRole(role))',
    test: ['routes/identity.test.ts', 'a login that fails causes']
  },
  {
    defence: 'A pattern requires a permission that covers it',
    file: 'plugin/authorization/permissions.ts',
    code: ' && concerned.some((rule) => covers(rule, pattern))',
    without: '',
    test: ['authorization/permissions.test.ts', 'a role cannot use a']
  },
  {
    defence: 'A pending authorizer request of one session does not answer another session',
    file: 'plugin/authorization/decisions.ts',
    code: 'new WeakMap<RoutedSession, Map<string, Question>>()',
    without: '(() => { let one; return { get: () => one, set: (_, map) => { one = map } } })()',
    test: ['authorization/decisions.test.ts', 'the decision for one session']
  },
  {
    defence: 'A cached authorizer decision applies only to the same authextra',
    file: 'plugin/authorization/decisions.ts',
    code: 'authprovider, authextra, action',
    without: 'authprovider, action',
    test: ['authorization/decisions.test.ts', 'a cached decision applies to']
  },
  {
    defence: 'A cookie file inside a static root is rejected',
    file: 'plugin/resolve-options.ts',
    code: 'if (!files.some(({ root }) => isServed(root, resolve(given)))) return',
    without: 'if (files.length < 100) return',
    test: ['resolve-options.test.ts', 'a cookie file that would be served']
  },
  {
    defence: 'A cookie file inside a directory that another port serves is rejected',
    file: 'plugin/resolve-options.ts',
    code: 'served.files.push(...files)',
    without: '',
    test: ['ports.test.ts', 'a port serves files of its own, but no cookie file']
  },
  {
    defence: 'A port cannot serve a directory that contains the cookie file of another port',
    file: 'plugin/resolve-options.ts',
    code: 'served.cookies.push(resolved.cookie)',
    without: '',
    test: ['ports.test.ts', 'a port serves files of its own, but no cookie file']
  },
  {
    defence: 'A call without an answer does not keep a port from closing',
    file: 'routes/port-connections.ts',
    code: 'for (const end of this.#requests) end()',
    without: '',
    test: ['ports.test.ts', 'a port that closes does not wait for calls']
  },
  {
    defence: 'A cookie file is not served through a symbolic link',
    file: 'plugin/served-files.ts',
    code: ' || isInside(realPath(root), realPath(filename))',
    without: '',
    test: ['resolve-options.test.ts', 'a cookie file that is served through a symbolic link']
  },
  {
    defence: 'A cookie file that a symbolic link would place inside a static root is rejected, even if it does not exist yet',
    file: 'plugin/served-files.ts',
    code: 'return readlinkSync(path)',
    without: 'return null',
    test: ['resolve-options.test.ts', 'a cookie file or database behind a symbolic link']
  },
  {
    defence: 'A Crossbar.io configuration file or private key inside a static root is rejected',
    file: 'plugin/crossbar/node-configuration.ts',
    code: 'site.checkFiles()',
    without: '',
    test: ['crossbar/web-services.test.ts', 'a directory that would serve the configuration file']
  },
  {
    defence: 'A malformed cookie does not hide a valid one of the same name',
    file: 'plugin/cookie/tracking-cookie.ts',
    code: 'if (!mayBeKnown(',
    without: 'if (sent === null && !mayBeKnown(',
    test: ['cookie/cookie-tracker.test.ts', 'a malformed cookie does not']
  },
  {
    defence: 'A signed request is not accepted again after it is no longer remembered',
    file: 'routes/signed-request.ts',
    code: 'if (second <= this.#forgotten)',
    without: 'if (second === this.#forgotten + 0.5)',
    test: ['routes/bridge.test.ts', 'a signed request is accepted']
  },
  {
    defence: 'A login ends at its expiry date even if the system clock is changed',
    file: 'plugin/deadlines.ts',
    code: 'kind === \'dates\' ? LONGEST_TIMER_TO_A_DATE : LONGEST_TIMER',
    without: 'LONGEST_TIMER',
    test: ['deadlines.test.ts', 'a date fires soon after']
  },
  {
    defence: 'All notations of an address count as one address',
    file: 'plugin/network-of.ts',
    code: 'if (isMapped) return',
    without: 'if (isMapped && address.startsWith(\'192\')) return',
    test: ['network-of.test.ts', 'all notations of an address']
  },
  {
    defence: 'Cookie settings that browsers would reject or send in the clear are rejected at startup',
    file: 'plugin/resolve-options.ts',
    code: 'if (sameSite === \'none\' && secure !== true) throw',
    without: 'if (sameSite === \'none\' && secure === name) throw',
    test: ['resolve-options.test.ts', 'SameSite=None without Secure']
  },
  {
    defence: 'A cookie file can be read only by its owner',
    file: 'plugin/cookie/cookie-journal.ts',
    code: 'await file.chmod(0o600)\n      await file.truncate',
    without: 'await file.truncate',
    test: ['cookie/file-store.test.ts', 'only its owner can read']
  },
  {
    defence: 'A request whose client has disconnected leaves no session behind',
    file: 'routes/identity.ts',
    code: 'whenResponseEnds(this[kReply], () => { session.leave() })',
    without: '{}',
    test: ['routes/client-gone.test.ts', 'a client that disconnects before']
  },
  {
    defence: 'An event stream ends with its login',
    file: 'plugin/cookie/login-connections.ts',
    code: 'end (key: string, except: CookieConnection | null): void {\n',
    without: 'end (key: string, except: CookieConnection | null): void {\n    if (key.length > 0) return\n',
    test: ['routes/events.test.ts', 'a stream ends with the login']
  },
  {
    defence: 'A client that does not read its event stream is disconnected',
    file: 'routes/event-stream.ts',
    code: 'if (this.readable.readableLength + this.#chunk.queued > this.#share)',
    without: 'if (this.readable.readableLength > 2 ** 40)',
    test: ['routes/events.test.ts', 'a client that does not']
  },
  {
    defence: 'Event streams leave no data behind in a shared session',
    file: 'routes/event-stream.ts',
    code: '    this.#forget()\n',
    without: '',
    test: ['routes/events.test.ts', 'streams in a shared session']
  },
  {
    defence: 'No HTTP call can end a shared session',
    file: 'plugin/in-process/checked-request.ts',
    code: 'type === MessageType.Call && message.options.progress === true',
    without: 'type === MessageType.Call && message.options.progress === null',
    test: ['routes/bridge.test.ts', 'no request body makes a']
  },
  {
    defence: 'A signed request is accepted only once',
    file: 'routes/signed-request.ts',
    code: 'if (seen.has(signature)) return \'the request was already received\'',
    without: '',
    test: ['routes/bridge.test.ts', 'a signature is accepted once,']
  },
  {
    defence: 'A forged header does not identify a caller',
    file: 'routes/route-procedure.ts',
    code: 'const journey = this.#journeys.get(String(token))',
    without: 'const journey = this.#journeys.get(String(token)) ?? { meant: request.routeOptions.config.wamp, principal: { realm: \'realm1\', authid: \'joe\', authrole: \'frontend\', authmethod: \'x\', authprovider: \'x\' } } as unknown as Journey',
    test: ['routes/procedures.test.ts', 'a made-up header does not']
  },
  {
    defence: 'Values of a call cannot change the path of a route',
    file: 'routes/route-procedure.ts',
    code: 'if (text === \'\' || text === \'.\' || text === \'..\' ||',
    without: 'if (text === \'\' ||',
    test: ['routes/procedures.test.ts', 'a route is a procedure']
  },
  {
    defence: 'Only values that the schema has validated become arguments of a route',
    file: 'routes/procedure-route.ts',
    code: 'const given = place === \'query\' ? query as object : isDict(body) ? body : {}',
    without: 'const given = { ...(isDict(body) ? body : {}), ...(place === \'query\' ? query as object : query as object) }',
    test: ['routes/procedures.test.ts', 'a procedure becomes a route']
  },
  {
    defence: 'An event that violates the contract is not delivered',
    file: 'plugin/realm/requests.ts',
    code: 'this.#contract?.event(topic, options, payload) ?? null : null',
    without: 'null as string | null : null',
    test: ['contract/contract.test.ts', 'a call or publication that']
  },
  {
    defence: 'A role of another realm does not satisfy a route\'s role',
    file: 'routes/identity.ts',
    code: 'realm === principal.realm && role',
    without: 'realm !== null && role',
    test: ['routes/identity.test.ts', 'a role of the same']
  },
  {
    defence: 'Concurrent requests cannot exceed the session limit',
    file: 'routes/identity.ts',
    code: 'if (limit !== null) throw',
    without: 'if (limit === router as unknown) throw',
    test: ['routes/events.test.ts', 'streams opened at the same']
  },
  {
    defence: 'A caller with hanging calls leaves capacity for other callers',
    file: 'plugin/shares.ts',
    code: '<= left',
    without: '<= Infinity',
    test: ['routing/dealer.test.ts', 'a caller with hanging calls']
  },
  {
    defence: 'The payload that a contract checks is the payload that is delivered',
    file: 'plugin/contract/contract-checks.ts',
    code: 'if (fault === null) payload.keep(values)',
    without: '',
    test: ['contract/contract-checks.test.ts', 'the checked payload is the']
  },
  {
    defence: 'A number that JSON cannot represent fails a contract\'s check',
    file: 'plugin/contract/validation-steps.ts',
    code: 'if (typeof value === \'number\' && !Number.isFinite(value)) return NaN',
    without: '',
    test: ['contract/contract-checks.test.ts', 'a number that JSON cannot']
  },
  {
    defence: 'Only the console\'s role can open the console',
    file: 'routes/console.ts',
    code: '  fastify.addHook(\'onRequest\', fastify.wampRequireRole(realm === undefined ? role : { realm, role }))\n',
    without: '',
    test: ['routes/console.test.ts', 'only users with the role']
  },
  {
    defence: 'A login by a token or a session of the app ends when that token or session ends',
    file: 'plugin/session/session.ts',
    code: 'if (principal.expires !== undefined)',
    without: 'if (principal.expires === null)',
    test: ['auth/expiring-logins.test.ts', 'a session ends when the']
  },
  {
    defence: 'A login by a token or a session of the app is not attached to a cookie, which would outlive it',
    file: tracker,
    code: 'if (lasts) await this.#attach',
    without: 'await this.#attach',
    test: ['auth/expiring-logins.test.ts', 'a session ends when the']
  },
  {
    defence: 'Properties that `toJSON` hides from REST responses are also hidden from events, results and errors',
    file: 'plugin/in-process/own-values.ts',
    code: 'isSpoken(given) ? given.toJSON(key) : given',
    without: 'given',
    test: ['in-process/own-values.test.ts', 'properties that an object hides']
  },
  {
    defence: 'URIs that match many patterns do not make the match cache grow',
    file: 'plugin/routing/uri-index.ts',
    code: ' || this.#rememberedMatches + found.length > REMEMBERED_MATCHES',
    without: '',
    test: ['routing/uri-index.test.ts', 'URIs that match many patterns']
  },
  {
    defence: 'A connection is closed if the client sends an upgrade before it has received the previous response',
    file: 'routes/connections.ts',
    code: 'if (response.req !== request) socket.destroy()',
    without: 'if (response.req === null) socket.destroy()',
    test: ['routes/websocket.test.ts', 'an upgrade requested before the']
  },
  {
    defence: 'Refusal texts that contain client input are not cached',
    file: 'plugin/routing/refusal.ts',
    code: 'const payload = (text === undefined ? payloads.get(error) : undefined) ?? Payload.of([text ?? error])',
    without: 'const payload = payloads.get(text ?? error) ?? Payload.of([text ?? error])\n  payloads.set(text ?? error, payload)',
    test: [floods, 'refusal texts that contain client']
  },
  {
    defence: 'Only the beginning of a failed login\'s name is kept',
    file: 'plugin/auth/failed-logins.ts',
    code: "Buffer.from(name.slice(0, LONGEST_KEY), 'utf16le').toString('utf16le')",
    without: 'name.slice(0, LONGEST_KEY)',
    test: [floods, 'only the beginning of a']
  },
  {
    defence: 'An answer of the meta API does not exceed the message size limit',
    file: 'plugin/meta/page.ts',
    code: 'return Math.max(1, Math.floor((octets - OCTETS_OF_HEAD) / OCTETS_OF_ID))',
    without: 'return octets',
    test: ['meta/meta-pages.test.ts', 'sessions are listed in pages']
  },
  {
    defence: 'Concurrent calls about logins share one scan of the store',
    file: 'plugin/cookie/login-snapshots.ts',
    code: 'if (this.#next !== null) return this.#next',
    without: '',
    test: ['cookie/login-snapshots.test.ts', 'searches that wait for a']
  },
  {
    defence: 'A payload that grows too much in another serializer is not sent',
    file: 'plugin/codec/byte-writer.ts',
    code: 'if (this.#length > this.#most) throw',
    without: 'if (this.#length === Infinity) throw',
    test: ['attacks/transcoding.test.ts', 'a payload that would be']
  },
  {
    defence: 'A client that resets the connection during the handshake of RawSocket does not end the process',
    file: 'routes/rawsocket-handshakes.ts',
    code: 'if (outcome === \'accepted\') socket.removeListener',
    without: 'socket.removeListener',
    test: ['routes/rawsocket.test.ts', 'clients that reset the connection']
  },
  {
    defence: 'A RawSocket client that sends no handshake is disconnected',
    file: 'routes/rawsocket-handshakes.ts',
    code: 'setTimeout(() => { socket.destroy() }, this.#options.handshakeTimeout)',
    without: 'setTimeout(() => {}, 0)',
    test: ['routes/rawsocket.test.ts', 'a client that sends no handshake']
  },
  {
    defence: 'A RawSocket client that does not complete the TLS handshake is disconnected',
    file: 'routes/rawsocket.ts',
    code: 'one of TLS keeps the connection if the client was too slow.\n    socket.destroy()',
    without: '',
    test: ['routes/rawsocket.test.ts', 'a client that does not complete the TLS']
  },
  {
    defence: 'A client that resets the connection before its first octet does not end the process, at a port that RawSocket shares with HTTP',
    file: 'routes/shared-port.ts',
    code: '.on(\'error\', leave)',
    without: '',
    test: ['routes/shared-port.test.ts', 'clients that leave before']
  },
  {
    defence: 'A client that closes its end before its first octet is disconnected, at a port that RawSocket shares with HTTP',
    file: 'routes/shared-port.ts',
    code: '.on(\'end\', leave)',
    without: '',
    test: ['routes/shared-port.test.ts', 'clients that leave before']
  },
  {
    defence: 'A body that nobody reads is not read from the connection, at a port that RawSocket shares with HTTP',
    file: 'routes/shared-port.ts',
    code: '    setImmediate(() => {',
    without: '    (function (now) { now() })(() => {',
    test: ['routes/shared-port.test.ts', 'a body that nobody reads']
  },
  {
    defence: 'A client that sends nothing is subject to the timeouts of HTTP, at a port that RawSocket shares with HTTP',
    file: 'routes/shared-port.ts',
    code: '    http(socket)\n  }, patience)',
    without: '  }, patience)',
    test: ['routes/shared-port.test.ts', 'a silent connection']
  },
  {
    defence: 'A RawSocket client that closes its end is disconnected, at a port that RawSocket shares with HTTP',
    file: 'routes/rawsocket.ts',
    code: '      socket.allowHalfOpen = false\n',
    without: '',
    test: ['routes/shared-port.test.ts', 'clients that leave before']
  },
  {
    defence: 'A getter in a message that a serializer of the app has parsed cannot disturb other messages',
    file: 'plugin/codec/custom-codec.ts',
    code: 'writers.pop() ?? new ByteWriter()',
    without: '(writers[0] ??= new ByteWriter())',
    test: ['custom-serializers.test.ts', 'a getter or proxy']
  },
  {
    defence: 'The memory of an incomplete RawSocket frame is in proportion to the data that has arrived',
    file: 'plugin/transport/rawsocket-reader.ts',
    code: 'Math.min(length, Math.max(filled, 2 * this.#partial.length))',
    without: 'length',
    test: ['transport/rawsocket-reader.test.ts', 'the memory of an incomplete frame']
  },
  {
    defence: 'A RawSocket client that sends PING but does not read the answers is disconnected',
    file: 'plugin/transport/rawsocket-link.ts',
    code: '      this.#owner!.pinged(content.length)\n',
    without: '',
    test: ['attacks/rawsocket.test.ts', 'a client that sends PING']
  },
  {
    defence: 'The answers to PING over RawSocket are limited in octets',
    file: 'plugin/transport/unread-pongs.ts',
    code: ' || (bufferedBytes > 0 && this.#octets > MOST_OCTETS)',
    without: '',
    test: ['attacks/rawsocket.test.ts', 'a client that sends PING']
  },
  {
    defence: 'Nothing is read from a RawSocket client whose connection is being closed',
    file: 'plugin/transport/rawsocket-reader.ts',
    code: 'while (at < data.length && this.#state === \'reading\')',
    without: 'while (at < data.length)',
    test: ['transport/rawsocket-reader.test.ts', 'a reader that is stopped']
  },
  {
    defence: 'A file at the path to listen on is never deleted, unless it is a Unix socket',
    file: 'routes/unix-socket.ts',
    code: 'found.isSocket() && ',
    without: '',
    test: ['routes/rawsocket.test.ts', 'a Unix socket is served']
  },
  {
    defence: 'If several processes replace the same Unix socket that was left behind, none of them removes the socket of another',
    file: 'routes/unix-socket.ts',
    code: 'moved.ino === ino && moved.mtimeNs === mtimeNs',
    without: 'true',
    test: ['routes/unix-socket.test.ts', 'the socket of another process']
  },
  {
    defence: 'The options that authorizer functions keep are limited, even if their requests are canceled',
    file: 'plugin/authorization/decisions.ts',
    code: 'if (!this.#held.hasRoom(sharerOf(session), bytes)) return tooMany\n',
    without: '\n',
    test: ['authorization/open-questions.test.ts', 'the options that an authorizer function']
  },
  {
    defence: 'A client that sends pings but does not read the answers is disconnected',
    file: 'plugin/transport/unread-pongs.ts',
    code: 'return this.#count > MOST || (bufferedBytes > 0 && this.#octets > MOST_OCTETS)',
    without: 'return false',
    test: ['attacks/control-frames.test.ts', 'a client that sends pings']
  },
  {
    defence: 'An undecodable payload is rejected before the app receives it',
    file: 'plugin/transport/in-process-transport.ts',
    code: "return values === undefined ? 'unencodable' : this.#add({ message, values,",
    without: 'return this.#add({ message, values: values ?? none,',
    test: ['transport/in-process-transport.test.ts', 'an undecodable payload is reported']
  },
  {
    defence: 'One event that the caller\'s serializer cannot represent does not make a history unreadable',
    file: 'plugin/meta/history-answer.ts',
    code: ' && this.#session.takes(publication.payload)',
    without: '',
    test: ['conformance/history.test.ts', 'events that the serializer of']
  },
  {
    defence: 'If handling a request fails after an asynchronous authorizer decision, only the session of the request ends',
    file: 'plugin/session/inbox.ts',
    code: 'this.#unpark(request) }, this.#failed)',
    without: 'this.#unpark(request) })',
    test: ['session/late-faults.test.ts', 'an exception after a late']
  },
  {
    defence: 'If the contract check cannot decode a payload, only the sender receives an error',
    file: 'plugin/contract/contract-checks.ts',
    code: 'return unreadable',
    without: 'return null',
    test: ['contract/unreadable-payloads.test.ts', 'a payload that cannot be']
  },
  {
    defence: 'Unrepresentable payloads do not flood the log',
    file: 'plugin/transport/remote-transport.ts',
    code: '    this.#unsuitableLevel = \'debug\'\n',
    without: '',
    test: ['transport/remote-transport.test.ts', 'unrepresentable payloads are logged once']
  },
  {
    defence: 'Transcoded copies of a stored event that are larger than the event are not kept',
    file: 'plugin/protocol/payload.ts',
    code: 'if (this.#isKept && toForget',
    without: 'if (!this.#isKept && toForget',
    test: ['protocol/payload.test.ts', 'a kept payload drops its']
  },
  {
    defence: 'A guess counts, regardless of the error that an authenticator throws',
    file: 'plugin/auth/failed-logins.ts',
    code: 'return !(error instanceof Unanswered) ||',
    without: 'return error instanceof Unanswered &&',
    test: ['auth/failed-logins.test.ts', 'a guess counts, regardless of']
  },
  {
    defence: 'A guess counts if the procedure of a dynamic authenticator fails instead of rejecting it',
    file: 'plugin/auth/dynamic-authenticator.ts',
    code: ', !provenLater.has(authmethod)',
    without: '',
    test: ['session/abandoned-calls.test.ts', 'a guess that makes the procedure']
  },
  {
    defence: 'A client that disconnects while its proof is being checked gets no further guesses until the check has ended',
    file: 'plugin/session/handshake.ts',
    code: "if (this.#proof === 'checking') this.#release =",
    without: 'if (Date.now() === 0) this.#release =',
    test: ['auth/failed-logins.test.ts', 'clients that disconnect right after']
  },
  {
    defence: 'A hanging logout does not delay closing the app',
    file: 'plugin/session/session.ts',
    code: 'this.#timer = setTimeout(() => { this.#goAway() }, host.shutdownTimeout)',
    without: '',
    test: ['index.test.ts', 'closing waits for the deletion of a login']
  },
  {
    defence: 'Procedures of the app that never answer do not delay closing the app',
    file: 'plugin/router.ts',
    code: 'this.#patience = globalThis.setTimeout(() => { this.#endOwn() }, this.shutdownTimeout)',
    without: 'this.#patience = undefined',
    test: ['index.test.ts', 'requests that wait for the app itself']
  },
  {
    defence: 'A client whose request body does not arrive is disconnected',
    file: 'routes/body-deadline.ts',
    code: 'const timer = setTimeout(() => { cut(raw) }, Math.min(HANDSHAKES_OF_BODY * handshakeTimeout, LONGEST_TIMER))',
    without: 'const timer = undefined',
    test: ['routes/client-gone.test.ts', 'a client whose body does']
  },
  {
    defence: 'Over HTTP/2, the stream of a request body that does not arrive is reset',
    file: 'routes/body-deadline.ts',
    code: 'else cancel(raw.stream)',
    without: '',
    test: [openConnections, 'a request body that does']
  },
  {
    defence: 'A connection without a request, or whose TLS handshake is incomplete, does not delay closing the app',
    file: 'routes/open-connections.ts',
    code: 'else if (this.#exchanges.size === 0) this.socket.destroy()',
    without: '',
    test: [openConnections, 'over TLS, a connection without']
  },
  {
    defence: 'With `allowedNetworks`, requests to a bridge from other addresses are rejected',
    file: 'routes/only-from.ts',
    code: 'if (networks.has(request.ip)) return undefined',
    without: 'if (!networks.has("none")) return undefined',
    test: ['routes/bridge.test.ts', 'only requests from the allowed']
  },
  {
    defence: 'The request log does not contain the signature of a signed request',
    file: 'routes/bridge.ts',
    code: '{ childLoggerFactory: hideSecrets(fastify, secretsOfSignedUrl) }',
    without: '{}',
    test: ['routes/bridge.test.ts', 'the signature of a request']
  },
  {
    defence: 'The request log does not contain the path of a long-poll transport',
    file: 'routes/longpoll.ts',
    code: '{ childLoggerFactory: hideSecrets(fastify, (url) => secretsIn(url).filter((part) => !path.includes(part))) }',
    without: '{}',
    test: ['routes/longpoll.test.ts', 'the path of a transport']
  },
  {
    defence: 'The request log does not contain the path of a long-poll transport that a browser asks about before a cross-origin request',
    file: 'routes/longpoll.ts',
    code: '/*`, logging, async',
    without: '/*`, async',
    test: ['routes/longpoll.test.ts', 'the path of a transport']
  },
  {
    defence: 'The request log does not contain secrets of URLs even if the response serializer of the app writes the URL',
    file: 'routes/hidden-log.ts',
    code: '{ res: withoutSecrets(res, secrets) }',
    without: '{}',
    test: ['routes/longpoll.test.ts', 'the path of a transport']
  },
  {
    defence: 'Long-poll requests from pages of a foreign origin are rejected',
    file: 'routes/cors.ts',
    code: 'if (!isAllowedOrigin(request, origins)) return',
    without: 'if (request.url === "") return',
    test: ['routes/longpoll.test.ts', 'pages of other origins may use']
  },
  {
    defence: 'Even over HTTP/2, an incomplete request does not delay closing the app',
    file: 'routes/exchange.ts',
    code: 'if (!hasArrived() || (',
    without: 'if ((',
    test: [openConnections, 'over HTTP/2, a request body']
  },
  {
    defence: 'A response that the client does not read does not delay closing the app',
    file: 'routes/exchange.ts',
    code: '(waits && this.#reading.isOver(moved))',
    without: '(waits && false)',
    test: [openConnections, 'a response that is not']
  },
  {
    defence: 'A client that does not read the end of its connection does not delay closing the app',
    file: 'routes/open-connections.ts',
    code: 'else if (this.#idle.isOver(moved)) this.socket.destroy()',
    without: '',
    test: [openConnections, 'over TLS, a connection without']
  },
  {
    defence: 'The number of event streams on one connection is limited',
    file: 'routes/events.ts',
    code: 'isHttp2(request.raw) ? MOST_STREAMS.http2 : MOST_STREAMS.http1',
    without: '1000',
    test: ['routes/events.test.ts', 'streams requested at once on']
  },
  {
    defence: 'Stored values are counted by the memory that they use',
    file: 'plugin/protocol/payload.ts',
    code: 'const BYTES_OF_DICT = 64',
    without: 'const BYTES_OF_DICT = 2',
    test: ['protocol/payload.test.ts', 'values count with the memory']
  },
  {
    defence: 'Retained events are decoded one at a time for in-process sessions',
    file: 'plugin/transport/in-process-transport.ts',
    code: 'const wait = nextTurn(this, (leave) => { this.#leave = leave })',
    without: 'const wait = null as ReturnType<typeof nextTurn>',
    test: ['transport/in-process-transport.test.ts', 'events are delivered without being']
  },
  {
    defence: 'Made-up names on a receiver list are looked up once per publication',
    file: 'plugin/routing/receivers.ts',
    code: 'if (audience.hasAuthid(authid)) present.add(authid)',
    without: 'present.add(authid)',
    test: ['realm/costs.test.ts', 'made-up authids on a receiver']
  },
  {
    defence: 'If many callees do not read, a call tries only a few of them',
    file: 'plugin/routing/dealer.ts',
    code: 'if (++congested >= MOST_CONGESTED) break',
    without: 'congested++',
    test: ['realm/costs.test.ts', 'a call of a shared procedure, invoke first']
  },
  {
    defence: 'A prefix that two topics share does not keep either topic in memory',
    file: 'plugin/routing/prefix-tree.ts',
    code: 'ownString(node.label.slice(0, length))',
    without: 'node.label.slice(0, length)',
    test: ['routing/own-string.test.ts', 'a prefix tree does not keep long URIs in memory,']
  },
  {
    defence: 'A component that two topics share does not keep either topic in memory',
    file: 'plugin/routing/component-table.ts',
    code: 'literals.set(ownString(component), slots)',
    without: 'literals.set(component, slots)',
    test: ['routing/own-string.test.ts', 'a wildcard index does not']
  },
  {
    defence: 'Logins are not searched for when the client that requested them has disconnected',
    file: 'plugin/cookie/login-snapshots.ts',
    code: 'if (!isWanted()) return []',
    without: '',
    test: ['cookie/login-snapshots.test.ts', 'logins are not searched for']
  },
  {
    defence: 'If one message ends many sessions, their GOODBYEs are sent in turns',
    file: 'plugin/session/session.ts',
    code: 'spend(UNITS_OF_FAREWELL)',
    without: 'spend(0)',
    test: ['session/farewells.test.ts', 'sessions killed by one message']
  },
  {
    defence: 'Tiny events that wait for a slow subscriber are counted by the memory that they use',
    file: 'plugin/backlog.ts',
    code: 'OCTETS_OF_ENTRY = 256',
    without: 'OCTETS_OF_ENTRY = 0',
    test: ['backlog.test.ts', 'many tiny events use no']
  },
  {
    defence: 'Short replies that a client does not read share one buffer',
    file: 'plugin/transport/unsent.ts',
    code: 'if (this.#framing.isStream && frame.length <= SHORT)',
    without: 'if (frame.length < 0)',
    test: ['transport/unsent.test.ts', 'short frames share one buffer,']
  },
  {
    defence: 'Short replies over long-poll that a client does not fetch are counted by the memory that they use',
    file: 'plugin/transport/unsent.ts',
    code: 'framing.isStream ? 0 : OCTETS_OF_ENTRY',
    without: '0',
    test: ['transport/unsent.test.ts', 'short messages that must stay apart are counted']
  },
  {
    defence: 'Short replies over batched long-poll that a client does not fetch share one buffer',
    file: 'plugin/transport/framing.ts',
    code: 'export class MessagesOfBatches extends Unframed {',
    without: 'export class MessagesOfBatches extends Unframed { isStream = false;',
    test: ['transport/unsent.test.ts', 'short messages that must stay apart are counted']
  },
  {
    defence: 'Buffered data for clients that resume reading is sent in turns',
    file: 'plugin/transport/outgoing.ts',
    code: 'this.#moveBacklog(STEP)',
    without: 'this.#moveBacklog(Infinity)',
    test: ['transport/outgoing.test.ts', 'what waits for a slow peer']
  },
  {
    defence: 'Keys that the app\'s parser removes do not reappear as arguments of a route',
    file: 'routes/json-border.ts',
    code: 'const given = request[part]',
    without: 'const given = part === \'body\' ? (request.body = valuesOf(request, depth)) : request[part]',
    test: ['routes/json-borders.test.ts', 'keys that the parser of']
  },
  {
    defence: 'A body that a route does not read does not block its connection',
    file: 'routes/json-border.ts',
    code: 'place === \'body\' && JSON_TYPE',
    without: 'JSON_TYPE',
    test: ['routes/json-borders.test.ts', 'a body that a route']
  },
  {
    defence: 'A call whose values match another route does not run that route',
    file: 'routes/route-procedure.ts',
    code: 'request.routeOptions.config.wamp === journey.meant ?',
    without: 'journey !== undefined ?',
    test: ['routes/procedures.test.ts', 'values that lead to another']
  },
  {
    defence: 'A request that logs in or out no longer acts as the previous user',
    file: 'routes/identity.ts',
    code: 'sessions.delete(request)',
    without: '',
    test: ['routes/request-session.test.ts', 'a request that logs']
  },
  {
    defence: 'An HTTP/2 stream that is canceled early leaves no session behind',
    file: 'routes/client-gone.ts',
    code: ' || stream?.destroyed === true',
    without: '',
    test: ['routes/client-gone.test.ts', 'a client that cancels its HTTP/2 stream before']
  },
  {
    defence: 'An HTTP/2 stream that is canceled during its call leaves no session behind',
    file: 'routes/bridge.ts',
    code: 'await own?.leave()',
    without: '',
    test: ['routes/client-gone.test.ts', 'a client that cancels its HTTP/2 stream during']
  },
  {
    defence: 'Pipelined requests leave no session behind',
    file: 'routes/client-gone.ts',
    code: 'others?.add(end)',
    without: '',
    test: ['routes/client-gone.test.ts', 'a client that sends many']
  },
  {
    defence: 'An event stream that waits behind another response leaves no session behind',
    file: 'routes/event-stream.ts',
    code: '    this.#ended()\n',
    without: '',
    test: ['routes/client-gone.test.ts', 'a client that disconnects while its event']
  },
  {
    defence: 'A pending request of the HTTP bridge keeps no decoded values',
    file: 'routes/bridge.ts',
    code: '  given.args = []\n',
    without: '',
    test: ['in-process/pending-requests.test.ts', 'the bridge keeps no values']
  },
  {
    defence: 'A request of the HTTP bridge that waits for an authorizer keeps text, not decoded values',
    file: 'plugin/protocol/payload.ts',
    code: '      this.#encoded = this.#write(this.#codec)\n      this.#given = undefined\n',
    without: '',
    test: ['in-process/pending-requests.test.ts', 'the bridge keeps no values in memory while an authorizer decides']
  },
  {
    defence: 'A pending request of the HTTP bridge keeps no options',
    file: 'routes/bridge.ts',
    code: '  given.options = {}\n',
    without: '',
    test: ['in-process/pending-requests.test.ts', 'the bridge keeps no values in memory while a call']
  },
  {
    defence: 'The decoded options and details of a message cannot use many times as much memory as their encoded form',
    file: 'plugin/protocol/wire-format.ts',
    code: 'hasManyObjects(value)',
    without: 'hasManyObjects(null)',
    test: ['protocol/wire-format.test.ts', 'an element contains a limited number of lists and dicts']
  },
  {
    defence: 'The decoded options of an HTTP bridge request cannot use many times as much memory as their text',
    file: 'routes/bridge.ts',
    code: 'hasManyObjects(options)',
    without: 'hasManyObjects(null)',
    test: ['routes/bridge.test.ts', 'options with too many lists and objects are refused']
  },
  {
    defence: 'The testaments of departed sessions that wait for an authorizer are limited in memory',
    file: 'plugin/realm/last-publications.ts',
    code: 'this.#waiting + bytes > this.#limit',
    without: 'this.#limit < 0',
    test: ['realm/last-publications.test.ts', 'the testaments that wait are limited in bytes']
  },
  {
    defence: 'A client that begins logins and ends them at once cannot start an unlimited number of authenticator functions',
    file: 'plugin/session/pending-logins.ts',
    code: 'this.#flow.pause()',
    without: 'void 0',
    test: ['session/pending-logins.test.ts', 'a connection with ten pending logins is not read']
  },
  {
    defence: 'A single publisher cannot use up the limit of concurrent asynchronous handler calls for a subscription',
    file: 'plugin/in-process/busy-handlers.ts',
    code: 'return this.#hasItsShare(publisher) || ',
    without: 'return this.#running.total >= MOST_RUNNING || ',
    test: ['in-process/busy-handlers.test.ts', 'a publisher whose handlers do not end']
  },
  {
    defence: 'Copying the values of an event for several handlers counts as work',
    file: 'plugin/in-process/event-handlers.ts',
    code: 'spend((count - 1) * delivery.bytes / BYTES_OF_UNIT)',
    without: '',
    test: ['in-process/event-handlers.test.ts', 'copies of an event for further handlers count as work']
  },
  {
    defence: 'The values of bodies that procedure routes keep are limited in memory',
    file: 'routes/held-body.ts',
    code: '!held.hasRoom(connection, bytes)',
    without: 'held.bytes < 0',
    test: ['routes/held-body.test.ts', 'a body for which there is no memory is refused']
  },
  {
    defence: 'A pending request of an in-process session keeps no decoded values',
    file: 'plugin/in-process/in-process-session.ts',
    code: "request.takes === 'payload' ? payloadOf : valuesOf",
    without: "(reply, values) => (request.takes === 'payload' ? payloadOf : valuesOf)(reply, values)",
    test: ['in-process/pending-requests.test.ts', 'a pending request keeps neither']
  },
  {
    defence: 'The answers that an HTTP/2 connection has not read are bounded',
    file: 'routes/unread-answers.ts',
    code: 'if (waiting > 0 && waiting + octets.length > bufferedBytes) {',
    without: 'if (waiting < 0) {',
    test: ['routes/http2.test.ts', 'an answer beyond the limit']
  },
  {
    defence: 'An asynchronous failure of the app\'s function for progressive results does not crash the process',
    file: 'plugin/in-process/in-process-peer.ts',
    code: 'if (isThenable(result)) this.#follow(',
    without: 'if (result === null) this.#follow(',
    test: ['in-process/progress.test.ts', 'a function for progressive results that fails, at once']
  },
  {
    defence: 'The progressive results that asynchronous functions of the app handle are bounded',
    file: 'plugin/in-process/in-process-peer.ts',
    code: 'pending.running >= MOST_RUNNING || !this.#held.hasRoom(pending, bytes)',
    without: 'bytes < 0',
    test: ['in-process/progress.test.ts', 'progressive results are handled by a limited number']
  },
  {
    defence: 'The event streams of a connection receive their missed events one stream at a time',
    file: 'routes/event-stream.ts',
    code: 'await inLine(this.#owner, async () => {',
    without: 'await (async (_owner, work) => { await work() })(this.#owner, async () => {',
    test: ['routes/http2.test.ts', 'the event streams of an']
  },
  {
    defence: 'Missed events are sent no faster than the client reads them',
    file: 'routes/event-stream.ts',
    code: ' || this.#outflow.writableNeedDrain',
    without: '',
    test: ['routes/http2.test.ts', 'the event streams of an']
  },
  {
    defence: 'An HTTP/1.1 connection with many pending requests is disconnected',
    file: 'routes/connection-of.ts',
    code: 'raw.socket.destroy()',
    without: 'void raw',
    test: ['routes/client-gone.test.ts', 'a client that sends many']
  },
  {
    defence: 'With `allowedHosts`, pages of another origin cannot use routes with `as`',
    file: 'routes/origin.ts',
    code: 'if (allowedHosts === null || (isAllowedOrigin(request, endpoint) && ',
    without: 'if (allowedHosts === null || (',
    test: ['routes/origin.test.ts', 'with `allowedHosts` a page']
  },
  {
    defence: 'A signed request is accepted by only one of the bridges with the same key',
    file: 'routes/signed-request.ts',
    code: 'JSON.stringify([key, secret])',
    without: 'String(Math.random())',
    test: ['routes/bridge.test.ts', 'bridges with the same key']
  },
  {
    defence: 'The payloads that open calls keep for re-routing are bounded',
    file: 'plugin/routing/caller.ts',
    code: 'if (caller.octets + octets > most) return',
    without: 'if (caller.octets + octets < 0) return',
    test: ['realm/bounds.test.ts', 'open calls keep at most']
  },
  {
    defence: 'Open calls, and waiting events of pattern subscriptions, do not keep long URIs in memory',
    file: 'plugin/authorization/role.ts',
    code: 'if (uri.length > LONGEST_URI) return invalidUri',
    without: "if (uri.length > LONGEST_URI && (action === 'subscribe' || action === 'register')) return invalidUri",
    test: ['realm/bounds.test.ts', 'the length of a URI']
  },
  {
    defence: 'If many callees are busy, a call does not inspect each of them',
    file: 'plugin/routing/registration.ts',
    code: 'if (this.#busy.size === this.#offers.length) return undefined',
    without: '',
    test: ['realm/costs.test.ts', 'a call costs little where callees are many']
  },
  {
    defence: 'A session that holds many resources is removed in turns',
    file: 'plugin/realm/realm.ts',
    code: 'begin({ work: () => steps.next().done !== true })',
    without: 'while (steps.next().done !== true);',
    test: ['realm/departure.test.ts', 'a session that holds many']
  },
  {
    defence: 'Calls are not routed to a session that has left but is not yet removed',
    file: 'plugin/routing/registrations.ts',
    code: 'if (this.#gone > 0) ',
    without: 'if (this.#gone < 0) ',
    test: ['realm/departure.test.ts', 'procedures of a session are']
  },
  {
    defence: 'Many deadlines that expire at once are handled in turns',
    file: 'plugin/deadlines.ts',
    code: 'setTimeout(() => { begin(this) }',
    without: 'setTimeout(() => { while (this.work()); }',
    test: ['deadlines.test.ts', 'many deadlines that expire at']
  },
  {
    defence: 'A history search for events that the caller\'s serializer can represent runs in turns',
    file: 'plugin/meta/history-answer.ts',
    code: 'if (isTurnOver()) return place',
    without: '',
    test: ['meta/history-turns.test.ts', 'whether the events of a']
  },
  {
    defence: 'The bytes that pending calls of the meta API keep are limited by `limits.parkedBytes`',
    file: 'plugin/meta/service-session.ts',
    code: 'if ((this.#waiting.get(caller)?.bytes ?? 0) + bytes > this.#octets) {',
    without: 'if (bytes < 0) {',
    test: ['meta/history-turns.test.ts', 'calls that wait for their answers keep no more']
  },
  {
    defence: 'A client with much waiting work does not delay the work of others',
    file: 'plugin/waiters.ts',
    code: 'if (line.needed > 0) this.#order.add(line)',
    without: 'if (line.needed > 0) this.#order.putBack(line)',
    test: ['work.test.ts', 'owners are served in rotation,']
  },
  {
    defence: 'Waiting work gets its share of each turn, regardless of the amount of other work',
    file: 'plugin/work.ts',
    code: 'counts[LEFT] = units',
    without: "counts[LEFT] = phase === 'waiters' ? counts[LEFT]! : units",
    test: ['work.test.ts', 'waiting work continues however much']
  },
  {
    defence: 'The meta events about the departed callees of a shared procedure are sent in turns',
    file: 'plugin/routing/registrations.ts',
    code: 'if (offer === undefined) registration.untold--',
    without: 'if (offer === undefined) registration.untold = 0',
    test: ['realm/departure.test.ts', 'accessing a shared procedure does']
  },
  {
    defence: 'Testaments are published in turns',
    file: 'plugin/realm/realm.ts',
    code: 'yield * this.#lastPublications.publish(session, testaments)',
    without: 'for (const step of this.#lastPublications.publish(session, testaments)) void step',
    test: ['realm/departure.test.ts', 'testaments are published in turns']
  },
  {
    defence: 'Calls of routes and of procedures of the app are charged for the work that they cause',
    file: 'plugin/transport/in-process-transport.ts',
    code: 'spend(this.#unitsOfInvocation)',
    without: '{}',
    test: ['routes/route-turns.test.ts', 'calls of a route are']
  },
  {
    defence: 'All streams of an HTTP/2 connection share its turns',
    file: 'routes/connection-of.ts',
    code: 'stream?.session ?? socket',
    without: 'socket',
    test: ['routes/http2.test.ts', 'all streams of an HTTP/2']
  },
  {
    defence: 'A connection with too many pending requests cannot start further ones',
    file: 'routes/connection-of.ts',
    code: 'requests.add(connectionOf(raw), reply, MOST_REQUESTS)',
    without: 'true',
    test: ['routes/http2.test.ts', 'an HTTP/2 connection with many']
  },
  {
    defence: 'Event streams on one HTTP/2 connection share its buffer limit',
    file: 'routes/event-stream.ts',
    code: ' / Math.max(1, streamsOf.of(this.#owner))',
    without: '',
    test: ['routes/http2.test.ts', 'event streams on an HTTP/2']
  },
  {
    defence: 'Missed events of an event stream are delivered in turns',
    file: 'routes/missed-events.ts',
    code: 'await (nextTurn(owner, whenUnneeded) ?? undefined)',
    without: '',
    test: ['routes/missed-events.test.ts', 'a client that missed many']
  },
  {
    defence: 'Event streams that deliver the same event share its bytes',
    file: 'routes/event-text.ts',
    code: 'if (known?.details === details) return known.octets',
    without: '',
    test: ['routes/event-text.test.ts', 'streams that receive the same']
  },
  {
    defence: 'A payload is encoded once for all event streams',
    file: 'plugin/in-process/in-process-session.ts',
    code: "session.#subscribe(topic, 'payload', handler, options)",
    without: "session.#subscribe(topic, 'values', (event) => handler({ ...event, payload: Payload.of(event.payload.values().args) }), options)",
    test: ['routes/shared-events.test.ts', 'a payload is encoded once for all streams']
  },
  {
    defence: 'A contract with unique items does not compare every pair of items',
    file: 'plugin/contract/contract-checks.ts',
    code: '!asked || areUnique(items, (count) => { steps.count(count) })',
    without: '!asked || items.every((item, i) => items.indexOf(item) === i)',
    test: ['contract/unique-items.test.ts', 'a contract with uniqueItems costs']
  },
  {
    defence: 'The number of steps to validate a value is limited, even if several alternatives of a schema contain the schema itself',
    file: 'plugin/contract/validation-steps.ts',
    code: 'if (this.#left < 0) throw new TooManySteps()',
    without: '',
    test: ['contract/validation-steps.test.ts', 'a value that a schema']
  },
  {
    defence: 'No text makes the check of a contract\'s `format` slow',
    file: 'plugin/contract/contract-checks.ts',
    code: 'if (url instanceof RegExp) ajv.addFormat(\'url\', linear(url))',
    without: '',
    test: ['contract/formats.test.ts', 'no text makes the check']
  },
  {
    defence: 'A publisher that waits for many subscribers uses no more memory than one that waits for a single subscriber',
    file: 'plugin/routing/patience.ts',
    code: 'if (wait !== null) break',
    without: 'if (wait === null && looks < 0) break',
    test: ['routing/patience.test.ts', 'a publisher waits for subscribers']
  },
  {
    defence: 'With `allowedHosts`, pages of a domain that resolves to this server cannot read routes with `as` by GET',
    file: 'routes/origin.ts',
    code: ' && !isOfStrangersDomain(request, allowedHosts)',
    without: '',
    test: ['routes/origin.test.ts', 'with `allowedHosts` a page whose']
  },
  {
    defence: 'An upgrade that a hook of the app rejects leaves no connection open',
    file: 'routes/connections.ts',
    code: "response.once('finish', () => { socket.end(() => { socket.destroy() }) })",
    without: '',
    test: ['routes/websocket.test.ts', 'an upgrade that an earlier hook of the host refuses']
  },
  {
    defence: 'An upgrade outside the scope that accepts WebSockets leaves no connection open',
    file: 'routes/connections.ts',
    code: "response.once('finish', () => { socket.end(() => { socket.destroy() }) })",
    without: '',
    test: ['routes/host-options.test.ts', 'an upgrade outside the only']
  },
  {
    defence: 'If the store cannot look up a cookie, a new login still replaces the cookie\'s earlier login',
    file: 'plugin/cookie/cookie-connection.ts',
    code: 'await this.#endOthers(principal)',
    without: '',
    test: ['cookie/logout-in-outage.test.ts', 'a login on a cookie']
  },
  {
    defence: 'If the store cannot look up a cookie, a logout followed by a new login does not restore the cookie\'s earlier login',
    file: 'plugin/cookie/ended-cookies.ts',
    code: '(this.#ended.has(cookie) && !isSame(this.#spared.get(cookie), spared))',
    without: 'false',
    test: ['cookie/logout-in-outage.test.ts', 'every logout and every login']
  },
  {
    defence: 'On REST routes, a stored login with the role of the app itself, or with one that no longer exists, is not valid',
    file: 'routes/identity.ts',
    code: '?.grants(known.principal.authrole) !== true',
    without: '=== undefined',
    test: ['routes/identity.test.ts', 'a login with the role']
  },
  {
    defence: 'A request is unauthenticated if its login ends while `auth.cookie.verify` is pending',
    file: 'plugin/cookie/cookie-entrance.ts',
    code: '(isThenable(answer) && !await lasts())',
    without: 'false',
    test: ['cookie/cookie-tracker.test.ts', 'a request is unauthenticated if']
  },
  {
    defence: 'A request is unauthenticated if its login ends after it was read, however far the request has come',
    file: 'plugin/cookie/followed-login.ts',
    code: 'if (this.hasEnded) end()',
    without: '',
    test: ['cookie/followed-login.test.ts', 'a revocation while a request is identified']
  },
  {
    defence: '`reply.wampSignIn` rejects if the user is revoked before it has finished',
    file: tracker,
    code: 'if (followed.hasEnded) throw new errors.WAMP_ERR_SIGN_IN(REVOKED)',
    without: '',
    test: ['routes/sign-in-revoked.test.ts', 'a REST login whose user is revoked']
  },
  {
    defence: 'A login by cookie whose record is being read or checked ends if its user is kicked',
    file: 'plugin/session/handshake.ts',
    code: 'this.#kicks.begin()\n      const principal = await visitor.recall()',
    without: 'const principal = await visitor.recall()',
    test: ['session/kicked-logins.test.ts', 'a login by cookie whose record']
  },
  {
    defence: 'Expired logins are removed from files and databases',
    file: 'plugin/cookie/cookie-stores.ts',
    code: "keepsExpired: store.type === 'file' || (store.type === 'database' && store.readonly !== true)",
    without: 'keepsExpired: false',
    test: ['cookie/expired-logins.test.ts', 'expired logins do not remain']
  },
  {
    defence: 'An `auth.cookie.verify` that does not answer does not delay closing the app',
    file: 'plugin/cookie/login-checks.ts',
    code: 'for (const end of this.#waiting) end()',
    without: '',
    test: ['routes/slow-look-ups.test.ts', 'a login check that does']
  },
  {
    defence: 'If `auth.cookie.verify` does not answer in time, the login is rejected',
    file: 'plugin/cookie/cookie-entrance.ts',
    code: 'await this.#checks.wait(answer)',
    without: 'await answer',
    test: ['cookie/cookie-tracker.test.ts', 'a login is rejected if']
  },
  {
    defence: 'A logout over WebSocket, or the login of another user, ends the logins of all cookies that the browser sent',
    file: tracker,
    code: 'others: keysOf(values.filter((value) => value !== known.brought))',
    without: 'others: []',
    test: ['cookie/cookie-tracker.test.ts', 'a logout, or a login']
  },
  {
    defence: 'A login or logout by REST ends the logins of all cookies that the browser sent',
    file: tracker,
    code: 'if (known.push({ ...found, brought }) === most) break',
    without: 'if (known.push({ ...found, brought }) > 0) break',
    test: ['cookie/cookie-tracker.test.ts', 'a logout, or a login']
  },
  {
    defence: 'A login or logout in another process on the same LMDB database takes effect at once',
    file: 'plugin/cookie/database-store.ts',
    code: 'database.resetReadTxn()',
    without: '',
    test: ['cookie/database-store.test.ts', 'changes by another process are']
  },
  {
    defence: 'A request in flight no longer acts as its user once the login has ended',
    file: 'routes/identity.ts',
    code: 'if (request.wampPrincipal === principal) endSession(request)',
    without: '',
    test: ['routes/request-session.test.ts', 'the session of a request ends with its login']
  },
  {
    defence: 'A session or stream opened by a cookie ends if the login ended while it was being opened',
    file: 'plugin/cookie/cookie-connection.ts',
    code: "(this.#next === 'ends' || isOver)",
    without: "this.#next === 'ends'",
    test: ['cookie/cookie-tracker.test.ts', 'a session opened by the']
  },
  {
    defence: 'An HTTP/2 request for the path of a WebSocket route does not crash the process',
    file: 'routes/websocket.ts',
    code: 'if (request.raw.httpVersionMajor > 1) return',
    without: 'if (request.raw.httpVersionMajor > 9) return',
    test: ['routes/host-options.test.ts', 'an app with only HTTP/2']
  },
  {
    defence: 'An upgrade that arrives while the app is closing leaves no connection open',
    file: 'routes/connections.ts',
    code: "if (server.listenerCount('upgrade') === 1) socket.destroy()",
    without: '',
    test: ['routes/host-options.test.ts', 'an upgrade that arrives when']
  },
  {
    defence: 'An upgrade whose cookie is being looked up does not delay closing the app',
    file: 'routes/closing.ts',
    code: 'return await Promise.race([answer, closing])',
    without: 'return await answer',
    test: ['routes/slow-look-ups.test.ts', 'an upgrade whose cookie is']
  },
  {
    defence: 'A client that disconnects while its cookie is being looked up no longer counts as a connection',
    file: 'routes/websocket.ts',
    code: "else socket?.once('end', close)",
    without: '',
    test: ['routes/slow-look-ups.test.ts', 'a client that disconnects while']
  },
  {
    defence: 'Error messages quote only the beginning of a URI',
    file: 'plugin/routing/refusal.ts',
    code: 'uri.length <= QUOTED ? uri :',
    without: 'uri.length > 0 ? uri :',
    test: ['mistakes.test.ts', 'a refusal names role, action']
  },
  {
    defence: 'A malformed secret is not quoted in the error',
    file: 'plugin/option-faults.ts',
    code: 'const isHidden = secrets.test(path) &&',
    without: 'const isHidden = false &&',
    test: ['resolve-options.test.ts', 'a value in place of']
  },
  {
    defence: 'A client that leaves cancels the call of its dynamic authenticator',
    file: 'plugin/realm/router-calls.ts',
    code: "signal?.addEventListener('abort', abort)",
    without: '',
    test: ['session/abandoned-calls.test.ts', 'a client that leaves cancels the call of its dynamic authenticator']
  },
  {
    defence: 'A ticket counts as a failed login if its client disconnects before the dynamic authenticator has answered',
    file: 'plugin/auth/dynamic-authenticator.ts',
    code: 'signal.aborted && provenLater.has(authmethod)',
    without: 'signal.aborted',
    test: ['session/abandoned-calls.test.ts', 'a ticket counts as a']
  },
  {
    defence: 'A session that leaves cancels the calls of its dynamic authorizer',
    file: 'plugin/authorization/pending-verdict.ts',
    code: 'if (--this.#waiting === 0) this.#unwanted()',
    without: '',
    test: ['session/abandoned-calls.test.ts', 'a session that leaves cancels the calls of its dynamic authorizer']
  },
  {
    defence: 'When a session leaves, the authorizer calls for its pending meta API calls are canceled',
    file: 'plugin/realm/realm.ts',
    code: 'yield * this.#service.forget(session)',
    without: '',
    test: ['session/router-calls.test.ts', 'a session that leaves cancels the calls of an authorizer']
  },
  {
    defence: 'CANCEL of a CALL cancels the call of its dynamic authorizer',
    file: 'plugin/realm/requests.ts',
    code: 'verdict.abandon()\n        watch',
    without: 'watch',
    test: ['session/router-calls.test.ts', 'CANCEL of a CALL cancels the call']
  },
  {
    defence: 'The timeout of a CALL cancels the call of its dynamic authorizer',
    file: 'plugin/realm/requests.ts',
    code: 'resolve(timedOut)\n        pending.abandon()',
    without: 'resolve(timedOut)',
    test: ['session/router-calls.test.ts', 'the timeout of a CALL']
  },
  {
    defence: 'CANCEL of a call of the meta API cancels the call of a dynamic authorizer',
    file: 'plugin/meta/when-decided.ts',
    code: 'call.whenCanceled = () => { verdict.abandon() }',
    without: '',
    test: ['session/router-calls.test.ts', 'CANCEL of a call of the meta API']
  },
  {
    defence: 'A decision for which another request waits is not canceled',
    file: 'plugin/authorization/pending-verdict.ts',
    code: '--this.#waiting === 0',
    without: '--this.#waiting >= 0',
    test: ['session/router-calls.test.ts', 'a decision for which another request waits']
  },
  {
    defence: 'A call of the meta API counts until its procedure has ended, even if it is canceled',
    file: 'plugin/meta/service-session.ts',
    code: 'payload.size + BYTES_OF_CALL',
    without: '0',
    test: ['session/router-calls.test.ts', 'calls of the meta API that are canceled count']
  },
  {
    defence: 'A session cannot use up the capacity for pending calls of dynamic authorizers',
    file: 'plugin/realm/realm.ts',
    code: 'client: session.session',
    without: 'client: 0',
    test: ['session/router-calls.test.ts', 'a client that causes many']
  },
  {
    defence: 'A connection cannot use up the call limit of a session that routes use with `as`',
    file: 'routes/procedure-route.ts',
    code: 'as === undefined ? () => {} : shares.begin(as, connectionOf(request.raw))',
    without: '() => {}',
    test: ['routes/caller-shares.test.ts', 'hanging calls of a route']
  },
  {
    defence: 'An address cannot use up the capacity for pending calls of dynamic authenticators',
    file: 'plugin/auth/dynamic-authenticator.ts',
    code: 'peer === undefined ? session : networkOf(peer)',
    without: '0',
    test: ['session/router-calls.test.ts', 'calls of a dynamic authenticator count']
  },
  {
    defence: 'The number of pending authorizer decisions for a session is limited, even if its requests are canceled',
    file: 'plugin/authorization/decisions.ts',
    code: 'if ((this.#pending.get(session) ?? 0) >= this.#most) return tooMany',
    without: '',
    test: ['authorization/open-questions.test.ts', 'a session has a limited']
  },
  {
    defence: 'A procedure of the app that ignores its signal leaves nothing behind after its call was canceled',
    file: 'plugin/in-process/invocations.ts',
    code: "if (mode !== 'kill') this.#abandon(request, running)",
    without: '',
    test: ['in-process/in-process-peer.test.ts', 'an interrupted invocation is forgotten,']
  },
  {
    defence: 'In the client of this package, a procedure that ignores its signal leaves nothing behind after its call was canceled',
    file: 'plugin/client/invocations.ts',
    code: 'this.#running.delete(request)\n    controller?.abort',
    without: 'controller?.abort',
    test: ['client/session.test.ts', 'an interrupted invocation is forgotten']
  },
  {
    defence: 'A close reason that is not a URI cannot crash a process that uses the client of this package, or leave its calls unanswered',
    file: 'plugin/client/connection-end.ts',
    code: '/^wamp(\\.\\w+)+$/.test(reason)',
    without: "reason.startsWith('wamp.')",
    test: ['client/hostile-router.test.ts', 'a close reason that only begins like a URI']
  },
  {
    defence: 'With `cookie: false`, a `wampScram` login fails if the router sends no challenge and so does not prove that it knows the password',
    file: 'plugin/client/handshake.ts',
    code: '(cookie && !this.#challenges)',
    without: '!this.#challenges',
    test: ['client/hostile-router.test.ts', 'without the cookie, a router']
  },
  {
    defence: 'A router cannot make the client of this package answer several challenges at once',
    file: 'plugin/client/handshake.ts',
    code: 'if (this.#isBusy) unexpected()',
    without: '',
    test: ['client/hostile-router.test.ts', 'WELCOME, or another CHALLENGE, before the answer']
  },
  {
    defence: 'The client of this package answers a limited number of challenges',
    file: 'plugin/client/handshake.ts',
    code: 'this.#challenges++ < MOST_CHALLENGES',
    without: 'this.#challenges++ < Infinity',
    test: ['client/hostile-router.test.ts', 'a router that sends challenges']
  },
  {
    defence: 'A challenge cannot make the client of this package derive a key for hours',
    file: 'plugin/client/keys.ts',
    code: 'iterations <= MOST_ITERATIONS && length >= 1 && length <= LONGEST_KEY',
    without: 'length >= 1',
    test: ['client/logins.test.ts', 'a challenge that would take hours is refused']
  },
  {
    defence: 'A session of the client of this package stays open if it receives a payload that JavaScript cannot represent',
    file: 'plugin/client/octet-reader.ts',
    code: "if (typeof key !== 'object' || key === null) hasTable = setOwn(",
    without: "if (typeof key === 'object') throw new TypeError(); else hasTable = setOwn(",
    test: ['client/serializers.test.ts', 'a value that routers forward']
  },
  {
    defence: 'The callees of a procedure that is taken over are notified in turns',
    file: 'plugin/routing/registrations.ts',
    code: 'begin({ work: () => steps.next().done !== true })',
    without: 'for (const _ of steps);',
    test: ['realm/departure.test.ts', 'a procedure that is taken']
  },
  {
    defence: 'A client that leaves while Node.js does not read its connection leaves no session behind',
    file: 'routes/client-gone.ts',
    code: 'if (connection._paused === true && all.size > 0) connection.destroy()',
    without: '',
    test: ['routes/client-gone.test.ts', 'a connection whose responses wait']
  },
  {
    defence: 'A session is not opened on a connection that Node.js no longer reads',
    file: 'routes/client-gone.ts',
    code: 'if (connection?._paused === true) connection.destroy()',
    without: '',
    test: ['routes/client-gone.test.ts', 'a connection whose responses wait']
  },
  {
    defence: 'Canceled HTTP/2 requests do not use up the call limit of a session that routes use with `as`',
    file: 'routes/procedure-route.ts',
    code: 'procedure, args, kwargs, signal).finally(ended)',
    without: 'procedure, args, kwargs, signal)',
    test: ['routes/http2.test.ts', 'canceled HTTP/2 requests do not']
  },
  {
    defence: 'A revocation reaches the logins at all endpoints',
    file: 'plugin/cookie/logins.ts',
    code: '[...this.#trackers].map((tracker) => tracker.revoke(filter))',
    without: '[...this.#trackers].slice(0, 1).map((tracker) => tracker.revoke(filter))',
    test: ['routes/revocation.test.ts', 'the app finds and revokes the logins at all endpoints']
  },
  {
    defence: 'A REST logout ends the logins of the cookies of all endpoints',
    file: 'routes/identity.ts',
    code: 'Promise.all([needed(entrance).signOut(arrival), router.logins.signOut(arrival)])',
    without: 'Promise.all([needed(entrance).signOut(arrival)])',
    test: ['routes/revocation.test.ts', 'a REST logout ends the logins of all cookies']
  },
  {
    defence: 'A revocation takes effect at once while the store cannot list its logins',
    file: 'plugin/cookie/revocations.ts',
    code: '    this.#revocations.set(name, revocation)\n',
    without: '',
    test: ['cookie/revocation.test.ts', 'a revocation takes effect at once while the store']
  },
  {
    defence: 'A revoked login that is looked up while the store cannot list its logins is deleted',
    file: 'plugin/cookie/login-store.ts',
    code: 'if (isRevoked) await this.#endLogin(key)',
    without: '',
    test: ['cookie/revocation.test.ts', 'a revoked login that is used while the store cannot list']
  },
  {
    defence: 'A revocation ends sessions whose logins are in progress or could not be stored',
    file: 'plugin/cookie/login-connections.ts',
    code: 'for (const connection of this.#proven) connection.revoke(filter)',
    without: '',
    test: ['cookie/revocation.test.ts', 'a login that waits for something else before it is stored']
  },
  {
    defence: 'A login that is being stored while it is revoked is deleted again',
    file: 'plugin/cookie/login-additions.ts',
    code: 'for (const addition of selected) addition.state = \'has ended\'',
    without: '',
    test: ['cookie/revocation.test.ts', 'a REST login that is being stored ends']
  },
  {
    defence: 'A login whose challenge was pending while its user was revoked ends',
    file: 'plugin/session/handshake.ts',
    code: 'this.#context.visitor?.challenged()',
    without: 'Promise.resolve()',
    test: ['routes/revocation.test.ts', 'a login whose challenge was pending during a revocation']
  },
  {
    defence: 'A revocation is not acknowledged while the store still contains a login that it selects, also if this process has ended the login before',
    file: loginStore,
    code: 'isForgotten && !this.#ended.has(key)',
    without: 'isForgotten || this.#ended.has(key)',
    test: ['cookie/incomplete-deletion.test.ts', 'after a logout in a tab that is not']
  },
  {
    defence: 'A logout on a further connection is not complete until the store has deleted the login',
    file: tracker,
    code: ' || this.#store.isEnding(key)',
    without: '',
    test: ['cookie/incomplete-deletion.test.ts', 'after a logout in a tab that is not']
  },
  {
    defence: 'A REST logout fails until the store has deleted the login of a cookie that it could not look up before',
    file: loginStore,
    code: "if (await this.#endedCookies.end(waiting, null) !== 'is deleted') throw",
    without: 'if (waiting.length > 4) throw',
    test: ['cookie/incomplete-deletion.test.ts', 'after a logout that could not look up']
  },
  {
    defence: 'A revocation deletes logins whose cookies another process is storing',
    file: 'plugin/cookie/login-store.ts',
    code: 'search: (filter) => this.#snapshots.search(filter, ({ key }, isForgotten) => isForgotten && !this.#ended.has(key), {}),',
    without: 'search: (filter) => this.search(filter),',
    test: ['cookie/revocation.test.ts', 'a revocation deletes a login whose cookies another process']
  },
  {
    defence: 'Sessions are killed together with their logins even if the store fails',
    file: 'plugin/meta/session-procedures.ts',
    code: 'const ids = kill(caller, sessions.ofAuthid(authid), { authid }, kwargs).map(({ id }) => id)',
    without: 'if (revoking) return revokeLogins(authid).then(() => [kill(caller, sessions.ofAuthid(authid), { authid }, kwargs).map(({ id }) => id)])\n      const ids = kill(caller, sessions.ofAuthid(authid), { authid }, kwargs).map(({ id }) => id)',
    test: ['routes/revocation.test.ts', 'a user is killed at once even if the store']
  },
  {
    defence: 'Values of other programs in a store are ignored, and not quoted in logs',
    file: 'plugin/cookie/guarded-store.ts',
    code: 'if (isStoredRecord(value)) return value',
    without: 'if (value !== undefined) return value',
    test: ['cookie/keyv-store.test.ts', 'values of other programs in the namespace']
  },
  {
    defence: 'A damaged record, for example with an impossible time, is ignored and does not break the list of logins',
    file: 'plugin/cookie/stored-record.ts',
    code: '(value as number) >= 0 && (value as number) <= LATEST',
    without: 'true',
    test: ['cookie/guarded-store.test.ts', 'values that are not records are ignored']
  },
  {
    defence: 'A request whose login ends before its handler runs is unauthenticated',
    file: 'routes/identity.ts',
    code: 'if (wampPrincipal !== null && currentPrincipal(request) === null) {',
    without: 'if (wampPrincipal === undefined) {',
    test: ['routes/revocation.test.ts', 'a request whose login ends before its handler']
  },
  {
    defence: 'A principal that has expired is not accepted',
    file: 'routes/identity.ts',
    code: 'login === null || isOver(login?.expires ?? principal.expires) ? null',
    without: 'login === null ? null',
    test: ['routes/revocation.test.ts', 'a principal that has expired']
  },
  {
    defence: 'When a login ends because it was idle, its requests and sessions end with it',
    file: 'plugin/cookie/login-store.ts',
    code: 'else if (await this.#uses.isIdle(key, login)) await this.#endLogin(key)',
    without: 'else if (await this.#uses.isIdle(key, login)) await this.forget({ key, cookies: [] })',
    test: ['cookie/login-store.test.ts', 'a login that has been idle ends together']
  },
  {
    defence: 'A shorter `maxAge` also applies to older logins',
    file: 'plugin/cookie/login-store.ts',
    code: 'return record.maxAge <= this.#maxAge ? record : { ...record, maxAge: this.#maxAge }',
    without: 'return record',
    test: ['cookie/login-store.test.ts', 'a shorter maxAge also applies']
  },
  {
    defence: 'No login is bound on an upgrade whose cookie a login has replaced',
    file: 'plugin/cookie/handed-ids.ts',
    code: 'return since !== undefined && Math.abs(this.#now() - since) < IN_FLIGHT',
    without: 'return false',
    test: ['cookie/fixation.test.ts', 'an upgrade overtaken by a REST']
  },
  {
    defence: 'While the store is unavailable, logouts with made-up cookies do not cause logouts with real ones to be lost',
    file: 'plugin/cookie/ended-cookies.ts',
    code: 'if (this.#known.get(cookie) === true)',
    without: 'if (cookie === \'\')',
    test: ['cookie/logout-in-outage.test.ts', 'logouts on made-up cookies during']
  },
  {
    defence: 'An event that a serializer cannot represent is detected and logged once for all receivers',
    file: 'plugin/transport/remote-transport.ts',
    code: 'if (this.#hasFailed(message)) {',
    without: 'if (this.#codec === null) {',
    test: ['transport/formless.test.ts', 'an event that a serializer cannot represent']
  },
  {
    defence: 'An event that JSON cannot represent is detected once for all event streams',
    file: 'routes/event-text.ts',
    code: 'if (known?.details === details) return known.octets',
    without: 'if (known?.details === details && known.octets !== null) return known.octets',
    test: ['routes/event-text.test.ts', 'an event that JSON cannot']
  },
  {
    defence: 'A canceled call of a procedure of the app counts toward the limit until the procedure has ended',
    file: 'plugin/routing/dealer.ts',
    code: "if (willAnswer(call)) call.state = 'abandoned'\n    else this.#assignments.unassign(call)",
    without: 'this.#assignments.unassign(call)',
    test: ['in-process/abandoned-invocations.test.ts', 'a canceled call of the app.s procedure keeps']
  },
  {
    defence: 'A canceled call of a procedure of the app no longer counts toward the limit if the promise of the procedure can never be settled',
    file: 'plugin/in-process/invocations.ts',
    code: "(mode !== 'kill')",
    without: "(mode === 'killnowait')",
    test: ['in-process/abandoned-invocations.test.ts', 'a canceled call whose procedure can never end']
  },
  {
    defence: 'Canceled calls of a dynamic authorizer are counted together for each client',
    file: 'plugin/routing/routed-session.ts',
    code: 'return client ?? id',
    without: 'return client === undefined ? id : Math.random()',
    test: ['in-process/abandoned-invocations.test.ts', 'canceled calls of a dynamic authorizer']
  },
  {
    defence: 'Publishers cannot start an unlimited number of the app\'s asynchronous event handlers',
    file: 'plugin/in-process/busy-handlers.ts',
    code: 'const MOST_RUNNING = 2000',
    without: 'const MOST_RUNNING = Infinity',
    test: ['in-process/event-handlers.test.ts', 'events wait in order while a thousand']
  },
  {
    defence: 'Repeated messages of clients do not fill the log',
    file: 'plugin/log-limit.ts',
    code: 'if (kind.logged < MOST_LINES) {',
    without: 'if (kind.logged < Infinity) {',
    test: ['log-limit.test.ts', 'no repeated message of a']
  },
  {
    defence: 'A call of a route that is canceled at once sends no request to the route',
    file: 'routes/route-procedure.ts',
    code: 'called.signal.throwIfAborted()',
    without: '',
    test: ['routes/procedures.test.ts', 'a call of a route']
  },
  {
    defence: 'The HTTP bridge refuses keys that change prototypes, unless the app lets its routes accept them',
    file: 'routes/bridge.ts',
    code: 'if (refused !== null) throw',
    without: 'if (refused === "") throw',
    test: ['routes/bridge.test.ts', 'keys that change prototypes are']
  },
  {
    defence: 'The WebSocket of the console only accepts logins by cookie',
    file: 'routes/console.ts',
    code: 'authenticators: { lookAtRequests: false, entries: () => new Map() }',
    without: 'authenticators: { lookAtRequests: false, entries: () => new Map([["ticket", async () => ({ authid: "eve", role: "admin" })]]) }',
    test: ['routes/console.test.ts', 'the WebSocket of the page']
  },
  {
    defence: 'The memory for call values held by the app\'s procedures is limited',
    file: 'plugin/transport/in-process-transport.ts',
    code: 'if (this.#held?.hasRoom(sharer, bytes) === false) return',
    without: 'if (false as boolean) return',
    test: ['transport/in-process-transport.test.ts', 'the values of a call are counted']
  },
  {
    defence: 'A call whose size alone exceeds the memory for values is not decoded',
    file: 'plugin/transport/in-process-transport.ts',
    code: 'if (this.#held?.hasRoom(sharer, payload.size) === false) return this.#full(this.#held)',
    without: '',
    test: ['transport/in-process-transport.test.ts', 'the values of a call are counted']
  },
  {
    defence: 'The memory for event values held by the app\'s handlers is limited',
    file: 'plugin/in-process/event-handlers.ts',
    code: 'if (bytes > 0) this.#held.until(ended, this.#held.hold(sharer, bytes))',
    without: '',
    test: ['in-process/event-handlers.test.ts', 'an event waits while the values']
  },
  {
    defence: 'An event whose size alone exceeds the memory for values is not decoded',
    file: 'plugin/in-process/event-handlers.ts',
    code: 'if (!this.#held.hasRoom(event.sharer, delivery.bytes * count)) return this.#lacks(delivery.bytes * count)\n    const values',
    without: 'const values',
    test: ['in-process/event-handlers.test.ts', 'an event whose size alone']
  },
  {
    defence: 'Events that wait for memory do not delay those of other publishers for the same subscription',
    file: 'plugin/in-process/busy-handlers.ts',
    code: 'backlog.passEvent()',
    without: 'this.#wait(this.#retry)\n      return false',
    test: ['in-process/busy-handlers.test.ts', 'the events of a publisher']
  },
  {
    defence: 'Waiting events that were skipped for lack of memory are tried again, even if the memory is released while events are being skipped',
    file: 'plugin/in-process/busy-handlers.ts',
    code: 'if (!this.#released) return false',
    without: '{ this.#wait(this.#retry); return false }',
    test: ['in-process/busy-handlers.test.ts', 'memory that is released while']
  },
  {
    defence: 'If a publisher has used up its memory, its waiting events do not cause the events of other publishers to be dropped',
    file: 'plugin/in-process/busy-handlers.ts',
    code: 'this.#waiting.has(publisher)',
    without: 'this.#backlog !== null',
    test: ['in-process/held-memory.test.ts', 'a publisher whose waiting events']
  },
  {
    defence: 'A single caller or publisher cannot use up the memory for values held by the app\'s handlers',
    file: 'plugin/held-values.ts',
    code: 'return this.#shares.isFair(sharer, this.#limit - this.#shares.total - bytes)',
    without: 'return this.#shares.total + bytes <= this.#limit',
    test: ['held-values.test.ts', 'a holder may hold at']
  },
  {
    defence: 'A handler of the app whose promise can never be settled holds no memory for values',
    file: 'plugin/held-values.ts',
    code: 'this.#unreachable.register(promise, held, held)',
    without: '',
    test: ['held-values.test.ts', 'a handler that can never']
  },
  {
    defence: 'Messages that wait for an iterator of the app are not decoded',
    file: 'plugin/in-process/in-process-session.ts',
    code: "this.#subscribe(topic, 'payload', put, options)",
    without: "this.#subscribe(topic, 'payload', (event) => { event.payload.values(); put(event) }, options)",
    test: ['in-process/held-memory.test.ts', 'events and results that wait for an iterator']
  },
  {
    defence: 'The total size of messages that wait for an iterator of the app is limited',
    file: 'plugin/in-process/waiting-messages.ts',
    code: ' || this.#octets + octets > this.#bufferedBytes',
    without: '',
    test: ['in-process/waiting-messages.test.ts', 'the size of waiting messages']
  },
  {
    defence: 'The total size of events for the app that wait for retained events is limited',
    file: 'plugin/transport/in-process-transport.ts',
    code: "if (this.#octets + octets > this.#bufferedBytes) return 'congested'",
    without: '',
    test: ['transport/in-process-transport.test.ts', 'events that wait for earlier']
  },
  {
    defence: 'Progressive results for the app do not wait for retained events',
    file: 'plugin/transport/in-process-transport.ts',
    code: "this.#delivery === 'later' && isAnswerToCall(queued.message)",
    without: 'false as boolean',
    test: ['transport/in-process-transport.test.ts', 'answers to calls do not']
  },
  {
    defence: 'The size of events that wait for the app includes their topics and details',
    file: 'plugin/protocol/event-size.ts',
    code: '0 : sizeOf(details)',
    without: '0 : 0',
    test: ['in-process/held-memory.test.ts', 'waiting events count with their']
  },
  {
    defence: 'Retained events of a subscription that has ended cause no work',
    file: 'plugin/transport/in-process-transport.ts',
    code: ' || !this.#wants(message.subscription)',
    without: '',
    test: ['transport/in-process-transport.test.ts', 'retained events of a subscription that has ended']
  },
  {
    defence: 'The memory for values of unanswered calls of the meta API is limited',
    file: 'plugin/meta/service-session.ts',
    code: 'if (!this.#held.hasRoom(sharerOf(caller), memory)) throw',
    without: 'if (false as boolean) throw',
    test: ['meta/history-turns.test.ts', 'calls that wait for their answers hold']
  },
  {
    defence: 'Missed events that wait for a slow client are kept as text, not as decoded values',
    file: 'routes/missed-events.ts',
    code: 'readPage(await events, textOf)',
    without: 'readPage((await events).slice(0, 1), textOf)',
    test: ['routes/missed-events.test.ts', 'a page of missed events']
  },
  {
    defence: 'Small events do not cause a separate write for each event stream',
    file: 'routes/event-chunk.ts',
    code: '      flushSoon(this)\n    }\n    this.#parts.push(octets)\n    this.#queued += octets.length\n',
    without: '    }\n    this.#write(octets)\n',
    test: ['routes/event-chunk.test.ts', 'the events of a turn are written as one chunk']
  },
  {
    defence: 'A revocation also reaches logins that were made before the clock was set back',
    file: 'plugin/cookie/revocations.ts',
    code: '(created <= at || created > this.#now())',
    without: 'created <= at',
    test: ['cookie/revocation.test.ts', 'a revocation reaches logins that were made before the clock']
  },
  {
    defence: 'Names that every JavaScript object inherits are not accepted as options of a request',
    file: 'plugin/in-process/checked-request.ts',
    code: 'if (name in Object.prototype) refuse',
    without: 'if (name === "") refuse',
    test: ['in-process/mistakes.test.ts', 'an unknown option of a request is refused']
  },
  {
    defence: 'A dict with integer keys uses no memory for the integers between the keys',
    file: 'plugin/protocol/set-own.ts',
    code: 'if (isNumbered(key) && !hasTable) {',
    without: 'if (key === "") {',
    test: ['protocol/set-own.test.ts', 'a dict with integer keys']
  },
  {
    defence: 'A short byte array that is kept does not keep a whole buffer pool of Node.js in memory',
    file: 'plugin/protocol/own-octets.ts',
    code: 'Buffer.allocUnsafeSlow(',
    without: 'Buffer.allocUnsafe(',
    test: ['protocol/own-octets.test.ts', 'a kept byte array keeps']
  },
  {
    defence: 'A request whose client has disconnected does not wait for a turn',
    file: 'routes/fair-turn.ts',
    code: '(leave) => { whenResponseEnds(reply, leave) }',
    without: '() => {}',
    test: ['routes/left-requests.test.ts', 'a call whose client has']
  },
  {
    defence: 'An upgrade whose client has disconnected does not wait for a turn',
    file: 'routes/websocket.ts',
    code: '(leave) => { whenSocketCloses(request, leave) }',
    without: '() => {}',
    test: ['routes/left-requests.test.ts', 'an upgrade whose client has']
  },
  {
    defence: 'An HTTP/2 request that was canceled early is not kept until the deadline of its body',
    file: 'routes/body-deadline.ts',
    code: '|| hasGone(reply)',
    without: '',
    test: ['routes/left-requests.test.ts', 'an HTTP/2 request that was canceled before its body']
  },
  {
    defence: 'Clients that send requests and disconnect cannot make pending requests accumulate without limit',
    file: 'routes/client-gone.ts',
    code: 'if (ending + all.size > MOST_ENDING)',
    without: 'if (all.size < 0)',
    test: ['routes/left-requests.test.ts', 'if many clients with pending']
  },
  {
    defence: 'The number of requests for event streams that wait for a turn is limited for each connection',
    file: 'routes/events.ts',
    code: '[few, ...ownPages, identify]',
    without: '[...ownPages, identify]',
    test: ['routes/left-requests.test.ts', 'a connection that asks for many']
  },
  {
    defence: 'Retained events that wait for a turn do not stay in memory when their session leaves',
    file: 'plugin/transport/in-process-transport.ts',
    code: 'nextTurn(this, (leave) => { this.#leave = leave })',
    without: 'nextTurn(this)',
    test: ['transport/in-process-transport.test.ts', 'retained events that wait for a turn']
  },
  {
    defence: 'A query of an event history waits for no turn when its session has left',
    file: 'plugin/meta/history-answer.ts',
    code: 'nextTurn(this.#session, (leave) => { this.#need.whenOver(leave) })',
    without: 'nextTurn(this.#session)',
    test: ['meta/history-turns.test.ts', 'a query waits for no turn when its session leaves']
  },
  {
    defence: 'The missed events of an event stream wait for no turn when the stream has ended',
    file: 'routes/missed-events.ts',
    code: 'nextTurn(owner, whenUnneeded)',
    without: 'nextTurn(owner)',
    test: ['routes/missed-events.test.ts', 'missed events that nobody needs']
  },
  {
    defence: 'A client whose data contains no messages is read in turns',
    file: 'plugin/transport/remote-transport.ts',
    code: "if (this.#state === 'open') this.#intake.yield()",
    without: '',
    test: ['transport/reading.test.ts', 'a RawSocket client that sends no messages']
  },
  {
    defence: 'The octets of fragments and incomplete messages count as work',
    file: 'plugin/transport/remote-transport.ts',
    code: 'spendOctets(octets)',
    without: '',
    test: ['transport/reading.test.ts', 'a RawSocket client that sends no messages']
  },
  {
    defence: 'The PINGs and PONGs of RawSocket clients count as work',
    file: 'plugin/transport/rawsocket-link.ts',
    code: 'if (type !== FrameType.Message) spend(UNITS_OF_CONTROL)',
    without: '',
    test: ['transport/reading.test.ts', 'the frames of type 2 of a RawSocket client']
  },
  {
    defence: 'The pings and pongs of WebSocket clients count as work',
    file: 'plugin/transport/websocket-link.ts',
    code: 'const UNITS_OF_CONTROL = 4',
    without: 'const UNITS_OF_CONTROL = 0',
    test: ['transport/reading.test.ts', 'the pongs of a WebSocket client']
  },
  {
    defence: 'Pages of a foreign origin cannot use long-poll',
    file: 'routes/longpoll.ts',
    code: "fastify.addHook('onRequest', allowOrigins(endpoint))",
    without: "fastify.addHook('onRequest', allowOrigins({ ...endpoint, allowedOrigins: ['*'] }))",
    test: ['routes/longpoll.test.ts', 'pages of other origins may use the routes only']
  },
  {
    defence: 'The messages that a long-poll client sends are read one after the other, so that few bodies are in memory',
    file: 'plugin/transport/send-line.ts',
    code: "(this.#flow === 'on' && this.#current !== null)",
    without: 'false',
    test: ['transport/send-line.test.ts', 'one request at a time has its turn']
  },
  {
    defence: 'The requests of a long-poll client that wait are limited',
    file: 'plugin/transport/send-line.ts',
    code: '>= MOST_REQUESTS) return',
    without: '>= Infinity) return',
    test: ['transport/send-line.test.ts', 'the number of requests that wait is limited']
  },
  {
    defence: 'A long-poll client that does not read a response is disconnected',
    file: 'plugin/transport/longpoll-link.ts',
    code: '|| this.#isStuck()',
    without: '',
    test: ['transport/longpoll-link.test.ts', 'a client that reads nothing of a response']
  },
  {
    defence: 'A long-poll client that makes no more requests is disconnected',
    file: 'plugin/transport/longpoll-link.ts',
    code: 'silence >= this.#times.sessionTimeout',
    without: 'silence >= Infinity',
    test: ['routes/longpoll.test.ts', 'a client that makes no request for the session timeout']
  },
  {
    defence: "A connection of an app's own transport that ignores `pause()` is closed",
    file: 'plugin/transport/custom-link.ts',
    code: '(this.#surplus += data.length) > MOST_SURPLUS',
    without: '(this.#surplus += data.length) > Infinity',
    test: ['custom-transport.test.ts', 'a client that sends faster than it is processed']
  },
  {
    defence: "A message of an app's own transport has the same size limit as others",
    file: 'plugin/transport/custom-link.ts',
    code: 'data.length > this.#messageSize',
    without: 'data.length > Infinity',
    test: ['custom-transport.test.ts', 'a malformed or too long message']
  },
  {
    defence: "A connection of an app's own transport that throws does not end the process",
    file: 'plugin/transport/custom-link.ts',
    code: '      this.#end(\'broken\')\n      return undefined\n    }',
    without: '      throw error\n    }',
    test: ['custom-transport.test.ts', 'a connection of the app that fails loses']
  },
  {
    defence: 'Two heavy messages are not processed without serving timers and sockets between them',
    file: 'plugin/work.ts',
    code: 'if (isExceededByFar()) return schedule()',
    without: '',
    test: ['work.test.ts', 'after a turn that was exceeded by far']
  },
  {
    defence: 'Unread responses to requests for messages do not outlive their long-poll transport',
    file: 'plugin/transport/longpoll-link.ts',
    code: 'this.#batch?.poll.cut()',
    without: '',
    test: ['transport/longpoll-link.test.ts', 'a response that the client has not read ends']
  },
  {
    defence: 'The removal of tags from typed arrays counts as work',
    file: 'plugin/codec/binary-codec.ts',
    code: '    } finally {\n      countRead(reader)\n    }\n  }\n\n  /** Octets in place of args. */',
    without: '    } finally {}\n  }\n\n  /** Octets in place of args. */',
    test: ['codec/cbor-codec.test.ts', 'the removal of tags is counted']
  },
  {
    defence: 'A serializer of the app whose promise rejects does not end the process',
    file: 'plugin/codec/custom-codec.ts',
    code: 'if (result instanceof Promise) result.catch(() => {})',
    without: '',
    test: ['codec/custom-codec.test.ts', 'a serializer that throws or returns no list']
  },
  {
    defence: 'A message that a serializer of the app expands to too many values is refused',
    file: 'plugin/codec/custom-codec.ts',
    code: 'inCbor(list, mostTranscoded(limits))',
    without: 'inCbor(list, 2 ** 23 + mostTranscoded(limits))',
    test: ['codec/custom-codec.test.ts', 'values that are not data']
  },
  {
    defence: 'A payload that grows too much in a serializer of the app is not sent',
    file: 'plugin/codec/custom-codec.ts',
    code: 'if (octets.length > most)',
    without: 'if (octets.length < 0)',
    test: ['codec/custom-codec.test.ts', 'the size of a payload of a client is limited']
  },
  {
    defence: 'What a serializer of the app reads and writes counts as work',
    file: 'plugin/codec/custom-codec.ts',
    code: '    countRead(reader)\n',
    without: '',
    test: ['codec/custom-codec.test.ts', 'reading and writing count as work']
  },
  {
    defence: 'Values that a serializer of the app cannot know are not given to it',
    file: 'plugin/codec/custom-codec.ts',
    code: 'if (value instanceof OpaqueValue) throw EncodingError.for(value, \'another serializer\')',
    without: 'if (value instanceof OpaqueValue) return value',
    test: ['codec/custom-codec.test.ts', 'a serializer that throws or returns no octets']
  },
  {
    defence: 'A TLS client cannot renegotiate, and so cannot use the certificate of another client, or one that no trusted authority has signed',
    file: 'routes/open-connections.ts',
    code: 'socket.disableRenegotiation()',
    without: '',
    test: ['attacks/renegotiation.test.ts', 'a client cannot renegotiate TLS, and so']
  },
  {
    defence: 'A TLS connection ends when its client tries to renegotiate',
    file: 'routes/open-connections.ts',
    code: "socket.on('error', destroy)",
    without: '',
    test: ['attacks/renegotiation.test.ts', 'a client cannot renegotiate TLS, and so']
  },
  {
    defence: 'A cookie store that returns records slowly or without end does not delay the end of the process',
    file: 'plugin/endpoint.ts',
    code: 'for (const { store } of this.#known.values()) store.limitLists()',
    without: '',
    test: ['cookie/closing-time.test.ts', 'an app closes within the time limits']
  },
  {
    defence: 'Many slow changes of a cookie store do not delay the end of the process',
    file: 'plugin/endpoint.ts',
    code: 'store.limitChanges()',
    without: '',
    test: ['cookie/closing-time.test.ts', 'an app closes within the time limits']
  },
  {
    defence: 'A permission is not ignored because of another one for the same URIs',
    file: 'plugin/check-realms.ts',
    code: 'const first = selections.indexOf(selections[i]!)',
    without: 'const first = i',
    test: ['resolve-options.test.ts', 'a role has one permission']
  },
  {
    defence: 'Of two permissions for one URI in a Crossbar.io configuration, the one that Crossbar.io applies counts',
    file: 'plugin/crossbar/permissions.ts',
    code: 'new Map<string, Entry>(entries.map((entry) =>',
    without: 'new Map<string, Entry>(entries.toReversed().map((entry) =>',
    test: ['crossbar/permissions.test.ts', 'a role may do what Crossbar.io allows']
  },
  {
    defence: 'The server signature of a WAMP-SCRAM login is sent to its client only, and neither stored nor passed to authorizers',
    file: 'plugin/auth/wamp-scram-authenticator.ts',
    code: 'proof: { verifier }',
    without: 'extra: { verifier }',
    test: ['attacks/kept-secrets.test.ts', 'no proof of a login']
  },
  {
    defence: 'A client cannot resume a TLS session to use its certificate at a host that trusts other authorities',
    file: 'plugin/transport/client-certificates.ts',
    code: '(!socket.isSessionReused() || confirmed.has(socket))',
    without: 'true',
    test: ['transport/tls-channel.test.ts', 'a resumed TLS session does not carry']
  },
  {
    defence: 'If the host of a resumed TLS session is not known, a server with several hosts does not use its certificate',
    file: 'plugin/transport/client-certificates.ts',
    code: "socket.getProtocol() === 'TLSv1.3' && ",
    without: '',
    test: ['transport/tls-channel.test.ts', 'a resumed TLS session does not carry']
  },
  {
    defence: 'A login in progress whose credentials have been read ends if its user is kicked',
    file: 'plugin/session/handshake.ts',
    code: 'const farewell = this.#kicks.find({ session: this.#id, ...principal })',
    without: 'const farewell = null',
    test: ['session/kicked-logins.test.ts', 'a login whose challenge was sent before']
  },
  {
    defence: 'The kicks that are remembered for logins in progress are limited in memory',
    file: 'plugin/session/kicks.ts',
    code: 'this.#characters > MOST_CHARACTERS',
    without: 'false',
    test: ['session/kicked-logins.test.ts', 'the kicks that are remembered']
  },
  {
    defence: 'A session whose login has expired before it is open ends at once',
    file: 'plugin/session/session.ts',
    code: 'isOver(principal.expires) ? expired : farewell',
    without: 'farewell',
    test: ['session/kicked-logins.test.ts', 'a session whose login has already expired']
  },
  {
    defence: 'A login that could not be stored ends when its browser logs out or logs in by REST',
    file: 'plugin/cookie/unstored-logins.ts',
    code: 'for (const cookie of login.cookies) this.#logins.add(cookie, login)',
    without: '',
    test: ['cookie/unstored-logins.test.ts', 'a login that could not be stored ends']
  },
  {
    defence: 'A login that is being stored while its browser logs out ends, even if its client has disconnected',
    file: 'plugin/cookie/unstored-logins.ts',
    code: 'if (this.#beingStored.has(login)) return',
    without: '',
    test: ['cookie/unstored-logins.test.ts', 'a login that is being stored ends']
  },
  {
    defence: 'A login that could not be stored ends when another tab of its browser logs out, or logs in as another user',
    file: 'plugin/cookie/cookie-tracker.ts',
    code: 'this.#connections.unstoredOf([key]).length > 0',
    without: 'key === ""',
    test: ['cookie/unstored-logins.test.ts', 'a login that could not be stored ends']
  },
  {
    defence: 'The request log does not contain the path of a long-poll transport, whatever is requested below it',
    file: 'routes/longpoll.ts',
    code: 'method: OTHER_METHODS, url, ...logging,',
    without: 'method: OTHER_METHODS, url,',
    test: ['routes/longpoll.test.ts', 'the path of a transport appears in no log, whatever']
  },
  {
    defence: 'The request log does not contain the signature of a request that a browser asks about before it sends it',
    file: 'routes/bridge.ts',
    code: 'if (signatures !== null) fastify.options(path, logging,',
    without: 'if (signatures !== null) fastify.options(path,',
    test: ['routes/bridge.test.ts', 'the signature of a request']
  },
  {
    defence: 'The incomplete TLS handshakes of an address over RawSocket are limited',
    file: 'routes/rawsocket.ts',
    code: 'if (tls !== null) limitHandshakes(',
    without: 'if (tls === undefined) limitHandshakes(',
    test: ['routes/rawsocket.test.ts', 'incomplete TLS handshakes of an address']
  },
  {
    defence: 'Each argument of a call is added to the query of the request to its route without comparing it with all others',
    file: 'routes/route-procedure.ts',
    code: '...(inQuery ? {} : { payload: bodyOf(values) })',
    without: '...(inQuery ? { query: Object.fromEntries(new URLSearchParams(queryOf(values))) } : { payload: bodyOf(values) })',
    test: ['routes/procedures.test.ts', 'each argument of a call']
  },
  {
    defence: 'The time to find the signature in a URL does not grow with the square of its length',
    file: 'routes/signed-request.ts',
    code: '  let end = text.length\n  while (end > 0 && text[end - 1] === \'=\') end--\n  return text.slice(0, end)',
    without: "  return text.replace(/=+$/, '')",
    test: ['routes/bridge.test.ts', 'the signature is found']
  },
  {
    defence: 'Origins and hosts that are longer than any name are not parsed',
    file: 'routes/origin.ts',
    code: '  if (origin.length > LONGEST_HOST || request.host.length > LONGEST_HOST) return false\n',
    without: '',
    test: ['routes/origin.test.ts', 'an origin or a host']
  },
  {
    defence: 'The messages that a client has left behind are processed for a limited time',
    file: 'plugin/transport/remote-transport.ts',
    code: 'this.#closeTimer = setTimeout(() => { this.#end() }, FINISH_TIMEOUT)',
    without: '',
    test: ['transport/remote-transport.test.ts', 'the messages of a client that has left']
  },
  {
    defence: 'A connection counts toward `connectionsOfAddress` until the messages that its client has left behind have been processed',
    file: 'plugin/gateway.ts',
    code: '    const transport = new RemoteTransport({ link, codec, framing, batches, limits: this.#limits })',
    without: '    const transport = new RemoteTransport({ link, codec, framing, batches, limits: this.#limits })\n    setImmediate(leave)',
    test: ['custom-transport.test.ts', 'a client that has left counts']
  },
  {
    defence: 'The subscriptions of event streams that end are removed in turns',
    file: 'routes/event-stream.ts',
    code: '    enqueue({\n      work: () => {',
    without: '    for (const subscription of this.#subscriptions.splice(0)) subscription.unsubscribe().catch(() => {})\n    enqueue({\n      work: () => {',
    test: ['routes/event-stream.test.ts', 'the subscriptions of a stream']
  },
  {
    defence: 'The events of a client that does not read its event stream are joined into a few writes',
    file: 'routes/event-readable.ts',
    code: 'destination.write(chunk, (error) => { if (error === undefined || error === null) pass() })',
    without: '{\n        destination.write(chunk)\n        pass()\n      }',
    test: ['routes/event-readable.test.ts', 'the events that arrive']
  },
  {
    defence: 'Ending the connections of clients that do not read does not create an error for each pending write',
    file: 'plugin/transport/websocket-link.ts',
    code: 'this.#stream?.destroy(cutOff)',
    without: '',
    test: ['transport/remote-transport.test.ts', 'closing flushes first']
  },
  {
    defence: 'Pings and pongs count toward `bytesPerSecond`',
    file: 'plugin/transport/remote-transport.ts',
    code: "if (this.#state === 'open') this.#rate?.countOctets(OCTETS_OF_CONTROL + octets)",
    without: '',
    test: ['transport/reading.test.ts', 'pings and pongs count']
  },
  {
    defence: "A connection of an app's own transport that throws when it is asked what it has buffered does not end the process",
    file: 'plugin/transport/custom-link.ts',
    code: 'return this.#try(() => this.#connection.bufferedBytes) ?? 0',
    without: 'return this.#connection.bufferedBytes',
    test: ['custom-transport.test.ts', 'a connection of the app that fails to tell']
  },
  {
    defence: 'The integer keys of a dict are put into a table once',
    file: 'plugin/protocol/set-own.ts',
    code: 'isNumbered(key) && !hasTable',
    without: 'isNumbered(key)',
    test: ['protocol/set-own.test.ts', 'the integers of a dict']
  },
  {
    defence: 'The lists, dicts and keys of a request count as work',
    file: 'plugin/codec/json-value.ts',
    code: 'spend(UNITS_OF_CONTAINER + keys * UNITS_OF_KEY)',
    without: '',
    test: ['protocol/set-own.test.ts', 'a text is parsed once']
  },
  {
    defence: 'The authid that a client asks for is limited in length, because it may be sent to any number of receivers',
    file: 'plugin/protocol/wire-format.ts',
    code: 'authid: isAttribute',
    without: 'authid: isString',
    test: ['protocol/wire-format.test.ts', 'the names in HELLO']
  },
  {
    defence: 'The options of a short JSON message count as work by their lists, dicts and keys',
    file: 'plugin/codec/json-codec.ts',
    code: 'if (typeof value === \'object\' && value !== noDetails) isDeeper(value, depth)',
    without: '',
    test: ['codec/json-scanner.test.ts', 'the lists, dicts and keys of a plain message']
  },
  {
    defence: 'Searches for logins that end at the same time create their answers in different turns',
    file: 'plugin/cookie/login-snapshots.ts',
    code: 'spend(page.length * (UNITS_OF_FOUND + units))',
    without: 'spend(page.length * UNITS_OF_FOUND)',
    test: ['cookie/login-snapshots.test.ts', 'searches that share a scan continue one after the other']
  }
]
