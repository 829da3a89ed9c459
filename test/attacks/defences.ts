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
const floods = 'attacks/floods.test.ts'

/** Every defence of cookies and logins that stands in one place. */
export const defences: readonly Defence[] = [
  {
    defence: 'An upgrade from a page of a foreign origin is refused',
    file: 'routes/websocket.ts',
    code: 'if (!isAllowedOrigin(request, endpoint)) {',
    without: 'if (!isAllowedOrigin(request, { ...endpoint, allowedOrigins: ["*"] })) {',
    test: [foreignPages, 'a page of another origin cannot open a WebSocket']
  },
  {
    defence: 'What is no origin, such as `null`, is foreign',
    file: 'routes/origin.ts',
    code: 'if (!URL.canParse(origin)) return false',
    without: 'if (!URL.canParse(origin)) return true',
    test: [foreignPages, 'a page of another origin cannot open a WebSocket']
  },
  {
    defence: 'With `allowedHosts`, a page of a domain that is made to point here is foreign',
    file: 'routes/origin.ts',
    code: '(allowedHosts === null || allowedHosts.includes(hostname))',
    without: 'true',
    test: ['routes/origin.test.ts', 'a host that is not listed is nobody']
  },
  {
    defence: 'At REST routes a page of a foreign origin is nobody',
    file: 'routes/identity.ts',
    code: 'const trusted = isAllowedOrigin(request, endpoint)',
    without: 'const trusted = isAllowedOrigin(request, ["*"])',
    test: [foreignPages, 'a page of another origin is nobody at REST routes']
  },
  {
    defence: 'Scripts cannot read the cookie',
    file: 'plugin/resolve-options.ts',
    code: 'httpOnly: true',
    without: 'httpOnly: false',
    test: [foreignPages, 'the cookie is hidden from scripts']
  },
  {
    defence: 'An upgrade without a login is handed a fresh id, whatever it brought',
    file: tracker,
    code: 'const value = this.#freshFor(brought)\n    const hand',
    without: 'const value = brought?.value ?? this.#freshFor(brought)\n    const hand',
    test: [planted, 'a cookie that was planted is not']
  },
  {
    defence: 'A login does not bind the id that was brought',
    file: 'plugin/cookie/handed-id.ts',
    code: 'return [this]\n',
    without: 'return this.#parent === undefined ? [this] : [this, this.#parent]\n',
    test: [planted, 'a cookie that was planted is not']
  },
  {
    defence: 'A login does not bind what others were handed for the same id',
    file: 'plugin/cookie/handed-id.ts',
    code: 'return [this]\n',
    without: 'return this.#parent === undefined ? [this] : [this, ...this.#parent.#children]\n',
    test: [planted, 'what another upgrade was handed']
  },
  {
    defence: 'A REST login is given a fresh id',
    file: tracker,
    code: 'const value = this.#freshFor(values.find(({ value }) => visitorOf(value) !== undefined))',
    without: 'const value = values[0]?.value ?? this.#freshFor(values.find(({ value }) => visitorOf(value) !== undefined))',
    test: [planted, 'a REST login is given a fresh cookie']
  },
  {
    defence: 'Who logs in on the cookie of another user ends that user\'s login',
    file: tracker,
    code: '    await this.forget(login, connection)\n',
    without: '',
    test: [planted, 'who logs in on the cookie of somebody else']
  },
  {
    defence: 'What a fresh login granted takes the place of what was stored',
    file: tracker,
    code: 'if (isSameGrant(before.record, record)) return',
    without: 'if (before.record !== record) return',
    test: ['cookie/cookie-tracker.test.ts', 'what a fresh login of the same user granted']
  },
  {
    defence: 'Who has another role by a fresh login is ended elsewhere',
    file: tracker,
    code: 'record.authrole === before.record.authrole ? this',
    without: 'record.authrole !== before.key ? this',
    test: ['cookie/cookie-tracker.test.ts', 'what a fresh login of the same user granted']
  },
  {
    defence: 'With `secret`, what is not signed is not looked up',
    file: 'plugin/cookie/tracking-cookie.ts',
    code: 'return valid ? { value, renew } : null',
    without: 'return valid ? { value, renew } : { value: sent, renew: false }',
    test: [planted, 'with a secret, forged cookies']
  },
  {
    defence: 'A logout deletes the login',
    file: tracker,
    code: 'this.#connections.end(login.key, except)\n    await this.#store.forget(login)\n',
    without: 'this.#connections.end(login.key, except)\n    await Promise.resolve()\n',
    test: [stolen, 'a stolen cookie is worth nothing after its owner logged out']
  },
  {
    defence: 'A logout ends the other sessions of the login',
    file: connections,
    code: 'if (connection !== except) connection.end(reasons.logout)',
    without: 'if (connection === null) connection.end(reasons.logout)',
    test: [stolen, 'a stolen cookie is worth nothing after its owner logged out']
  },
  {
    defence: 'A REST login forgets the login that the request brought',
    file: tracker,
    code: 'await this.forget(known, null)\n    return this.#cookie.write(value, secure)',
    without: 'await Promise.resolve()\n    return this.#cookie.write(value, secure)',
    test: [stolen, 'nor after a REST login of the same browser']
  },
  {
    defence: 'A REST logout that the store cannot look up is no logout',
    file: tracker,
    code: "if (known === 'cannot tell') throw new errors.WAMP_ERR_SIGN_OUT('is not possible now: the cookie store fails')\n    if (known !== null)",
    without: "if (known !== null && known !== 'cannot tell')",
    test: ['routes/sign-out.test.ts', 'a REST logout that the store cannot look up']
  },
  {
    defence: 'A REST login whose store cannot tell what it replaces is none',
    file: tracker,
    code: 'await this.#store.forget(login)\n      throw',
    without: 'return this.#cookie.write(value, secure)\n      throw',
    test: ['cookie/login-store.test.ts', 'a REST logout or login whose cookie']
  },
  {
    defence: 'A user can be killed together with its logins',
    file: 'plugin/realm/session-procedures.ts',
    code: 'return revoking ? revokeLogins(authid).then(killAll) : killAll()',
    without: 'return killAll()',
    test: [stolen, 'a user that is killed with its logins']
  },
  {
    defence: 'A revocation ends the sessions of the login',
    file: tracker,
    code: 'for (const { key } of meant) this.#connections.end(key, null)',
    without: '',
    test: [stolen, 'a login that is revoked ends the sessions']
  },
  {
    defence: 'Who is no longer configured is not let in by cookie',
    file: 'plugin/auth/cookie-authenticator.ts',
    code: 'if (user === undefined || (user.realm !== undefined && user.realm !== authrealm)) return false',
    without: 'if (user === undefined) return true',
    test: [stolen, 'a user that is no longer configured']
  },
  {
    defence: 'A login by a method that an endpoint does not offer is not let in there by cookie',
    file: 'plugin/auth/cookie-authenticator.ts',
    code: '(method === null || offered.has(method)) && verify(record)',
    without: 'verify(record)',
    test: [stolen, 'a login by a method that is not configured']
  },
  {
    defence: 'A login that comes back is looked up by the method that made it, and not by the one that is shown',
    file: 'plugin/auth/cookie-authenticator.ts',
    code: 'const configured = users.get(method)',
    without: 'const configured = users.get(authmethod)',
    test: [stolen, 'a login has the role of the method that made it']
  },
  {
    defence: 'A login that the app made is not looked up among users of the same name',
    file: 'plugin/auth/cookie-authenticator.ts',
    code: 'if (method === null) return true',
    without: 'if (method === null) return verifyStaticUsers({ ticket, wampcra, "wamp-scram": scram, cryptosign, tls }, path)({ created: 0, maxAge: 0, authmethod, authid, authrealm, authrole })',
    test: [stolen, 'a login has the role of the method that made it']
  },
  {
    defence: 'A login of one endpoint gives no other role at another',
    file: 'plugin/auth/cookie-authenticator.ts',
    code: 'return endpoint === path ? { authrole: user.role } : user.role === authrole',
    without: 'return { authrole: user.role }',
    test: [stolen, 'a login of one endpoint gives no other role']
  },
  {
    defence: 'A login of one endpoint by a function does not count at another',
    file: 'plugin/auth/cookie-authenticator.ts',
    code: 'if (configured === undefined) return endpoint === undefined || endpoint === path',
    without: 'if (configured === undefined) return true',
    test: [stolen, 'a login of one endpoint gives no other role']
  },
  {
    defence: 'Stores see hashes of cookies only',
    file: 'plugin/cookie/cookie-id.ts',
    code: 'export function keyOf (value: string): string {\n  return createHash(\'sha256\').update(value).digest(\'hex\')',
    without: 'export function keyOf (value: string): string {\n  return value',
    test: [stolen, 'what a store holds is no cookie']
  },
  {
    defence: 'A logout makes look-ups void that are under way',
    file: loginStore,
    code: 'for (const lookUp of this.#lookUps.get(key)) lookUp.void = true',
    without: '',
    test: ['cookie/login-store.test.ts', 'a logout that lands during a look-up']
  },
  {
    defence: 'A login is over while its deletion is still being written',
    file: loginStore,
    code: 'if (this.#ended.has(key)) return null',
    without: '',
    test: ['cookie/login-store.test.ts', 'who comes while a logout is being written']
  },
  {
    defence: 'A deletion that failed is tried again',
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
    defence: 'A change whose answer is lost does not hold up a logout behind it',
    file: 'plugin/cookie/keyv-store.ts',
    code: 'askStore(change)',
    without: 'change()',
    test: ['cookie/keyv-store.test.ts', 'a change whose answer is lost']
  },
  {
    defence: 'A login that a store writes after its logout is deleted again',
    file: 'plugin/cookie/keyv-store.ts',
    code: "if (late.state === 'is deleted') this.delete(key).catch(() => {})",
    without: '',
    test: ['cookie/keyv-store.test.ts', 'a change whose answer is lost']
  },
  {
    defence: 'A login that was ended elsewhere while the same user logged in again does not come back',
    file: tracker,
    code: "still === null || still === 'cannot tell'",
    without: 'still === undefined',
    test: ['cookie/relogin.test.ts', 'a logout there while']
  },
  {
    defence: 'The session of such a login ends',
    file: tracker,
    code: 'by.overrule()',
    without: 'by.device.toString()',
    test: ['cookie/relogin.test.ts', 'a logout there while']
  },
  {
    defence: 'A logout ends the login that has taken the place of its own meanwhile',
    file: loginStore,
    code: 'successors)].map((successor) => this.#endSuccessor(successor))',
    without: 'successors)].map((successor) => successor)',
    test: ['cookie/relogin.test.ts', 'a logout in another process that looked']
  },
  {
    defence: 'A store that fails does not count as one that knows nobody',
    file: loginStore,
    code: '    } catch (error) {\n      return this.#cannotTell(error)\n    }\n  }\n\n  #cannotTell',
    without: '    } catch (error) {\n      this.#cannotTell(error)\n      return undefined\n    }\n  }\n\n  #cannotTell',
    test: ['cookie/login-store.test.ts', 'a store that throws is not an unknown cookie']
  },
  {
    defence: 'A login that nobody uses is over, with `idleTimeout`',
    file: loginStore,
    code: '&& !await this.#isIdle(key, record)',
    without: '',
    test: ['cookie/login-store.test.ts', 'a login that nobody uses for idleTimeout']
  },
  {
    defence: 'An expired login lets nobody in',
    file: loginStore,
    code: 'const counts = !isExpired(record, this.#now())',
    without: 'const counts = true',
    test: ['cookie/cookie-tracker.test.ts', 'expiry is the server']
  },
  {
    defence: 'An expired login ends the sessions that it let in',
    file: 'plugin/cookie/cookie-connection.ts',
    code: 'this.#liftExpiry = this.#tracker.expire(this.#login, () => { this.end(reasons.logout) })',
    without: '',
    test: ['cookie/cookie-tracker.test.ts', 'expiry is the server']
  },
  {
    defence: 'A login that another process forgot ends its sessions here',
    file: connections,
    code: 'if (record === null && connection.login === login) this.end(login.key, null)',
    without: '',
    test: ['cookie/login-connections.test.ts', 'a login that another process forgot']
  },
  {
    defence: 'A login that another process forgot ends the session that made it',
    file: connections,
    code: '(!connection.letsIn && this.#store.mayBeMissing(login))',
    without: '!connection.letsIn',
    test: ['cookie/login-connections.test.ts', 'the session that made a login ends']
  },
  {
    defence: 'A cookie that was replaced stops counting',
    file: 'plugin/cookie/cookie-rotation.ts',
    code: 'maxAge: Math.min(record.maxAge, left)',
    without: 'maxAge: Math.max(record.maxAge, left)',
    test: ['cookie/cookie-rotation.test.ts', 'the older cookie counts until']
  },
  {
    defence: 'A client that ignores newer cookies does not make the store grow',
    file: 'plugin/cookie/cookie-rotation.ts',
    code: 'if (replacement !== undefined) await',
    without: 'if (replacement === key) await',
    test: ['cookie/cookie-rotation.test.ts', 'a client that never takes the newer cookie']
  },
  {
    defence: 'A connection that is gone leaves nothing behind',
    file: tracker,
    code: 'for (const { key } of handed?.leave() ?? []) this.#handed.delete(key)',
    without: '',
    test: [floods, 'visitors without a cookie leave nothing behind']
  },
  {
    defence: 'Of many cookies in one header few are looked up',
    file: 'plugin/cookie/tracking-cookie.ts',
    code: 'const MOST_VALUES = 4',
    without: 'const MOST_VALUES = 1e9',
    test: [floods, 'a Cookie header of one request']
  },
  {
    defence: 'Who has failed too often is not even challenged',
    file: 'plugin/session/handshake.ts',
    code: 'await this.#beginCheck()\n    const grant',
    without: 'const grant',
    test: ['auth/failed-logins.test.ts', 'a client that guesses is held back']
  },
  {
    defence: 'No more proofs are checked at a time than may fail',
    file: 'plugin/auth/failed-logins.ts',
    code: '< line.checking + 1',
    without: '< 1',
    test: ['auth/failed-logins.test.ts', 'no more proofs are checked at a time']
  },
  {
    defence: 'Clients that are challenged first and answer together have no more guesses',
    file: 'plugin/session/handshake.ts',
    code: 'await this.#beginCheck()\n    return answer',
    without: 'return answer',
    test: ['auth/failed-logins.test.ts', 'clients that are challenged first']
  },
  {
    defence: 'An answer counts also if the client leaves with it',
    file: 'plugin/session/handshake.ts',
    code: 'const delay = counts ? ',
    without: 'if (this.#state === \'over\') return\n    const delay = counts ? ',
    test: ['auth/failed-logins.test.ts', 'an answer counts also']
  },
  {
    defence: 'Names that look the same to a method are counted as one',
    file: 'plugin/auth/failed-logins.ts',
    code: 'normalize(authid) ?? authid',
    without: 'authid',
    test: ['auth/failed-logins.test.ts', 'names that look the same']
  },
  {
    defence: 'Who makes up names does not make the counts grow',
    file: 'plugin/recent.ts',
    code: 'if (this.#young.size < this.#half) return',
    without: 'if (this.#young.size > 0) return',
    test: ['auth/failed-logins.test.ts', 'who makes up names']
  },
  {
    defence: 'Unknown users are challenged like known ones',
    file: 'plugin/auth/wampcra-authenticator.ts',
    code: 'const stranger = unknown(authid)',
    without: 'const stranger = nobody',
    test: ['auth/authenticators.test.ts', 'an unknown WAMP-CRA user gets a challenge']
  },
  {
    defence: 'No login gives the app\'s own role',
    file: 'plugin/session/handshake.ts',
    code: 'return authrole !== \'trusted\' && ',
    without: 'return ',
    test: ['auth/authenticators.test.ts', 'what a function grants is checked']
  },
  {
    defence: 'Nor does a REST login',
    file: 'routes/identity.ts',
    code: 'if (role === \'trusted\' || !realm.hasRole(role))',
    without: 'if (!realm.hasRole(role))',
    test: ['routes/identity.test.ts', 'what cannot be signed in']
  },
  {
    defence: 'A pattern needs a permission that covers it',
    file: 'plugin/auth/permissions.ts',
    code: ' && concerned.some((rule) => covers(rule, pattern))',
    without: '',
    test: ['auth/permissions.test.ts', 'through no pattern does a role reach']
  },
  {
    defence: 'What an authorizer is asked for one session answers no other one',
    file: 'plugin/realm/decisions.ts',
    code: 'new WeakMap<RoutedSession, Map<string, Promise<Verdict>>>()',
    without: '(() => { let one; return { get: () => one, set: (_, map) => { one = map } } })()',
    test: ['realm/decisions.test.ts', 'an answer for one session']
  },
  {
    defence: 'What an authorizer has kept counts for the same authextra alone',
    file: 'plugin/realm/decisions.ts',
    code: 'authprovider, authextra, action',
    without: 'authprovider, action',
    test: ['realm/decisions.test.ts', 'an answer that is kept']
  },
  {
    defence: 'A cookie file inside a static root is refused',
    file: 'plugin/resolve-options.ts',
    code: 'if (!files.some(({ root }) => isServed(root, filename) || isServed(realPath(root), realPath(filename)))) return',
    without: 'if (files.length < 100) return',
    test: ['resolve-options.test.ts', 'a cookie file that would be served']
  },
  {
    defence: 'Nor is it served through a symbolic link',
    file: 'plugin/resolve-options.ts',
    code: ' || isServed(realPath(root), realPath(filename))',
    without: '',
    test: ['resolve-options.test.ts', 'a cookie file that is served through a symbolic link']
  },
  {
    defence: 'A cookie file behind a symbolic link into a static root is refused before it exists',
    file: 'plugin/resolve-options.ts',
    code: 'return readlinkSync(path)',
    without: 'return null',
    test: ['resolve-options.test.ts', 'a cookie file or database behind a symbolic link']
  },
  {
    defence: 'What can never be a value of the cookie hides none',
    file: 'plugin/cookie/tracking-cookie.ts',
    code: 'if (!mayBeKnown(',
    without: 'if (sent === null && !mayBeKnown(',
    test: ['cookie/cookie-tracker.test.ts', 'what can never be a value']
  },
  {
    defence: 'A signed request that is forgotten does not count again',
    file: 'routes/signed-request.ts',
    code: 'if (second <= this.#forgotten)',
    without: 'if (second === this.#forgotten + 0.5)',
    test: ['routes/bridge.test.ts', 'a signed request counts once, also after']
  },
  {
    defence: 'A login ends at its date also when the clock is set',
    file: 'plugin/deadlines.ts',
    code: 'kind === \'dates\' ? LONGEST_TIMER_TO_A_DATE : LONGEST_TIMER',
    without: 'LONGEST_TIMER',
    test: ['deadlines.test.ts', 'a date comes soon after']
  },
  {
    defence: 'An address counts as one in every writing',
    file: 'plugin/network-of.ts',
    code: 'if (isMapped) return',
    without: 'if (isMapped && address.startsWith(\'192\')) return',
    test: ['network-of.test.ts', 'an address belongs to one network']
  },
  {
    defence: 'Cookies that browsers would refuse or send in the clear are refused at the start',
    file: 'plugin/resolve-options.ts',
    code: 'if (sameSite === \'none\' && secure !== true) throw',
    without: 'if (sameSite === \'none\' && secure === name) throw',
    test: ['resolve-options.test.ts', 'SameSite=None without Secure']
  },
  {
    defence: 'Only its owner may read a cookie file',
    file: 'plugin/cookie/cookie-journal.ts',
    code: 'await file.chmod(0o600)\n      await file.truncate',
    without: 'await file.truncate',
    test: ['cookie/file-store.test.ts', 'only its owner may read the file']
  },
  {
    defence: 'A request whose client has gone leaves no session behind',
    file: 'routes/identity.ts',
    code: 'whenResponseEnds(this[kReply], () => { session.leave() })',
    without: '{}',
    test: ['routes/client-gone.test.ts', 'who leaves before the answer']
  },
  {
    defence: 'A stream of events ends when its login does',
    file: 'routes/events.ts',
    code: 'visitor?.occupy({ letInByCookie: true, end: () => { stream.end() } })',
    without: '',
    test: ['routes/events.test.ts', 'a stream ends with the login']
  },
  {
    defence: 'A client that does not read its stream of events is let go',
    file: 'routes/events.ts',
    code: 'if (this.readable.readableLength > this.#share)',
    without: 'if (this.readable.readableLength > 2 ** 40)',
    test: ['routes/events.test.ts', 'a client that does not read is let go']
  },
  {
    defence: 'Streams of events leave nothing behind in a session that many have',
    file: 'routes/events.ts',
    code: '    this.#forget()\n',
    without: '',
    test: ['routes/events.test.ts', 'streams in the name of one session']
  },
  {
    defence: 'Nothing that is called by HTTP ends the session that speaks for all',
    file: 'plugin/in-process/in-process-peer.ts',
    code: 'message.type === MessageType.Call && message.options.progress === true',
    without: 'message.type === MessageType.Call && message.options.progress === null',
    test: ['routes/bridge.test.ts', 'no body hangs']
  },
  {
    defence: 'A signed request counts once',
    file: 'routes/signed-request.ts',
    code: 'if (seen.has(signature)) return \'the request was made before\'',
    without: '',
    test: ['routes/bridge.test.ts', 'a signature counts once']
  },
  {
    defence: 'A header that makes up a caller is no identity',
    file: 'routes/route-procedure.ts',
    code: 'const journey = this.#journeys.get(String(token))',
    without: 'const journey = this.#journeys.get(String(token)) ?? { meant: request.routeOptions.config.wamp, principal: { realm: \'realm1\', authid: \'joe\', authrole: \'frontend\', authmethod: \'x\', authprovider: \'x\' } } as unknown as Journey',
    test: ['routes/procedures.test.ts', 'who makes a header up is nobody']
  },
  {
    defence: 'No value of a call leads to another route',
    file: 'routes/route-procedure.ts',
    code: 'if (text === \'\' || text === \'.\' || text === \'..\' ||',
    without: 'if (text === \'\' ||',
    test: ['routes/procedures.test.ts', 'a route is a procedure']
  },
  {
    defence: 'What no schema has looked at is no argument of a route',
    file: 'routes/procedure-route.ts',
    code: 'const given = place === \'query\' ? query as object : isDict(body) ? body : {}',
    without: 'const given = { ...(isDict(body) ? body : {}), ...(place === \'query\' ? query as object : query as object) }',
    test: ['routes/procedures.test.ts', 'a procedure is a route by its contract']
  },
  {
    defence: 'An event that is not as the contract says reaches nobody',
    file: 'plugin/realm/requests.ts',
    code: 'this.#contract?.event(topic, options, payload) ?? null : null',
    without: 'null as string | null : null',
    test: ['contract/contract.test.ts', 'who sends what the contract does not know']
  },
  {
    defence: 'A role of another realm is not the one that a route asks for',
    file: 'routes/identity.ts',
    code: 'realm === principal.realm && role',
    without: 'realm !== null && role',
    test: ['routes/identity.test.ts', 'a role is one of its realm']
  },
  {
    defence: 'Requests that come at once are held to the limit of sessions',
    file: 'routes/identity.ts',
    code: 'if (limit !== null) throw',
    without: 'if (limit === router as unknown) throw',
    test: ['routes/events.test.ts', 'streams that are opened at once']
  },
  {
    defence: 'A caller whose calls hang leaves room for others',
    file: 'plugin/realm/callee-share.ts',
    code: '<= limit - size',
    without: '<= limit',
    test: ['realm/dealer.test.ts', 'a caller whose calls hang']
  },
  {
    defence: 'What is checked by a contract is what is delivered',
    file: 'plugin/contract/contract-checks.ts',
    code: 'if (fault === null) payload.keep(values)',
    without: '',
    test: ['contract/contract-checks.test.ts', 'what is checked is what is delivered']
  },
  {
    defence: 'A number that JSON has no form for is none to a contract',
    file: 'plugin/contract/contract-checks.ts',
    code: 'if (!isJson(value)) return',
    without: 'if (value === isJson) return',
    test: ['contract/contract-checks.test.ts', 'a number that JSON has no form for']
  },
  {
    defence: 'The console is for its role alone',
    file: 'routes/console.ts',
    code: '  fastify.addHook(\'onRequest\', fastify.wampRequireRole(realm === undefined ? role : { realm, role }))\n',
    without: '',
    test: ['routes/console.test.ts', 'the page and its files are there']
  },
  {
    defence: 'A login by a token, or by a session of the app, ends when that does',
    file: 'plugin/session/session.ts',
    code: 'if (principal.expires !== undefined)',
    without: 'if (principal.expires === null)',
    test: ['auth/expiring-logins.test.ts', 'a session ends when what its authenticator']
  },
  {
    defence: 'It is attached to no cookie, which would outlive it',
    file: tracker,
    code: 'if (lasts) await this.#attach',
    without: 'await this.#attach',
    test: ['auth/expiring-logins.test.ts', 'a session ends when what its authenticator']
  },
  {
    defence: 'What `toJSON` hides from REST answers is hidden from events, results and errors',
    file: 'plugin/in-process/own-values.ts',
    code: 'isSpoken(given) ? given.toJSON(key) : given',
    without: 'given',
    test: ['in-process/own-values.test.ts', 'what an object hides']
  },
  {
    defence: 'URIs that many patterns match do not make what is remembered of them grow',
    file: 'plugin/realm/uri-index.ts',
    code: ' || this.#rememberedMatches + found.length > REMEMBERED_MATCHES',
    without: '',
    test: ['realm/uri-index.test.ts', 'URIs that many patterns match do not make it grow']
  },
  {
    defence: 'An upgrade that comes before the last answer is cut off',
    file: 'routes/websocket-upgrade.ts',
    code: '} catch {\n    socket.destroy()',
    without: '} catch {',
    test: ['routes/websocket.test.ts', 'who asks for an upgrade before']
  },
  {
    defence: 'What clients have a part in is not kept of refusals',
    file: 'plugin/realm/refusal.ts',
    code: 'const payload = (text === undefined ? payloads.get(error) : undefined) ?? Payload.of([text ?? error])',
    without: 'const payload = payloads.get(text ?? error) ?? Payload.of([text ?? error])\n  payloads.set(text ?? error, payload)',
    test: [floods, 'what clients have a part in is not kept of refusals']
  },
  {
    defence: 'Of a name that fails to log in only its beginning is kept',
    file: 'plugin/auth/failed-logins.ts',
    code: "Buffer.from(name.slice(0, LONGEST_KEY), 'utf16le').toString('utf16le')",
    without: 'name.slice(0, LONGEST_KEY)',
    test: [floods, 'of a long name that fails to log in only its beginning']
  },
  {
    defence: 'An answer of the meta API is not longer than a message may be',
    file: 'plugin/realm/page.ts',
    code: 'return Math.max(1, Math.floor((octets - OCTETS_OF_HEAD) / OCTETS_OF_ID))',
    without: 'return octets',
    test: ['realm/meta-pages.test.ts', 'sessions are listed in pages']
  },
  {
    defence: 'Calls about logins that come together share one scan of the store',
    file: 'plugin/cookie/login-snapshots.ts',
    code: 'if (this.#next !== null) return this.#next',
    without: '',
    test: ['cookie/login-snapshots.test.ts', 'searches that wait for a scan share it']
  },
  {
    defence: 'What grows in another serializer is not sent in it',
    file: 'plugin/codec/byte-writer.ts',
    code: 'if (this.#length > this.#most) throw',
    without: 'if (this.#length === Infinity) throw',
    test: ['attacks/transcoding.test.ts', 'what would be many times as large']
  },
  {
    defence: 'A client that pings and reads no answer is let go',
    file: 'plugin/transport/unread-pongs.ts',
    code: 'return this.#count > MOST',
    without: 'return false',
    test: ['attacks/control-frames.test.ts', 'a client that pings and reads no answer']
  },
  {
    defence: 'A payload that cannot be read is answered before the app is given it',
    file: 'plugin/transport/in-process-transport.ts',
    code: 'return \'unencodable\'',
    without: 'values = none',
    test: ['transport/in-process-transport.test.ts', 'a payload that cannot be read']
  },
  {
    defence: 'One event without a form does not make a history unreadable',
    file: 'plugin/realm/history-answer.ts',
    code: ' && this.#session.takes(publication.payload)',
    without: '',
    test: ['conformance/history.test.ts', 'events that have no form for the caller']
  },
  {
    defence: 'What acting upon a late decision throws ends no more than its session',
    file: 'plugin/session/inbox.ts',
    code: 'this.#unpark(request) }, this.#failed)',
    without: 'this.#unpark(request) })',
    test: ['session/late-faults.test.ts', 'what acting upon a decision throws']
  },
  {
    defence: 'A payload that a contract cannot read is the fault of its sender',
    file: 'plugin/contract/contract-checks.ts',
    code: 'return unreadable',
    without: 'return null',
    test: ['contract/unreadable-payloads.test.ts', 'a payload that cannot be read or checked']
  },
  {
    defence: 'Payloads without a form do not fill the log',
    file: 'plugin/transport/websocket-transport.ts',
    code: '      this.#formlessLevel = \'debug\'\n',
    without: '',
    test: ['transport/websocket-transport.test.ts', 'payloads without a form are logged once']
  },
  {
    defence: 'Events that are kept do not grow by what they were transcoded to',
    file: 'plugin/protocol/payload.ts',
    code: 'if (this.#isKept && toForget',
    without: 'if (!this.#isKept && toForget',
    test: ['protocol/payload.test.ts', 'a payload that is kept forgets']
  },
  {
    defence: 'A guess counts whatever an authenticator throws',
    file: 'plugin/session/handshake.ts',
    code: 'return !(error instanceof Unanswered)\n',
    without: 'return false\n',
    test: ['auth/failed-logins.test.ts', 'a guess counts, whatever']
  },
  {
    defence: 'A logout that hangs does not hold up the end of the app',
    file: 'plugin/session/session.ts',
    code: 'this.#timer = setTimeout(() => { this.#goAway() }, host.shutdownTimeout)',
    without: '',
    test: ['index.test.ts', 'closing gives a login that is being forgotten']
  },
  {
    defence: 'Procedures of the app that never answer do not hold up its end',
    file: 'plugin/router.ts',
    code: 'this.#patience = globalThis.setTimeout(() => { this.#endOwn() }, this.shutdownTimeout)',
    without: 'this.#patience = undefined',
    test: ['index.test.ts', 'requests that wait for the app itself']
  },
  {
    defence: 'A client whose body does not arrive is cut off',
    file: 'routes/body-deadline.ts',
    code: 'const timer = setTimeout(() => { raw.destroy() }, milliseconds)',
    without: 'const timer = undefined',
    test: ['routes/client-gone.test.ts', 'a client whose body does not arrive']
  },
  {
    defence: 'Half a request does not hold up the end of the app',
    file: 'routes/host.ts',
    code: 'if (requests.size === 0) socket.destroy()',
    without: '',
    test: ['index.test.ts', 'connections on which no request has come']
  },
  {
    defence: 'Many streams of events asked for on one connection are not opened',
    file: 'routes/events.ts',
    code: 'isHttp2(request.raw) ? MOST_STREAMS.http2 : MOST_STREAMS.http1',
    without: '1000',
    test: ['routes/events.test.ts', 'streams that are asked for at once']
  },
  {
    defence: 'What is kept counts as much as it takes in memory',
    file: 'plugin/protocol/payload.ts',
    code: 'const BYTES_OF_DICT = 64',
    without: 'const BYTES_OF_DICT = 2',
    test: ['protocol/payload.test.ts', 'values count what they take']
  },
  {
    defence: 'Retained events are read one at a time for a session of this process',
    file: 'plugin/transport/in-process-transport.ts',
    code: 'if (isRetained(message)) {',
    without: 'if (isRetained(message) && false) {',
    test: ['transport/in-process-transport.test.ts', 'retained events are read one by one']
  },
  {
    defence: 'Made-up names on a list of receivers are looked at once for each publication',
    file: 'plugin/realm/receivers.ts',
    code: 'if (audience.hasAuthid(authid)) present.add(authid)',
    without: 'present.add(authid)',
    test: ['realm/costs.test.ts', 'made-up authids on a list']
  },
  {
    defence: 'Of many callees that do not read, few are tried for a call',
    file: 'plugin/realm/dealer.ts',
    code: 'if (++congested >= MOST_CONGESTED) break',
    without: 'congested++',
    test: ['realm/costs.test.ts', 'a call of a shared procedure, invoke first']
  },
  {
    defence: 'A prefix that two topics share keeps neither of them in memory',
    file: 'plugin/realm/prefix-tree.ts',
    code: 'ownString(node.label.slice(0, length))',
    without: 'node.label.slice(0, length)',
    test: ['realm/own-string.test.ts', 'a prefix tree lets go of long URIs, whatever shared']
  },
  {
    defence: 'A component that two topics share keeps neither of them in memory',
    file: 'plugin/realm/component-table.ts',
    code: 'literals.set(ownString(component), slots)',
    without: 'literals.set(component, slots)',
    test: ['realm/own-string.test.ts', 'an index of wildcards']
  },
  {
    defence: 'An event that gives way to another costs no look at all that gave way before',
    file: 'plugin/transport/backlog.ts',
    code: 'const from = this.#oldest\n',
    without: 'const from = this.#oldest = 0\n',
    test: ['transport/backlog.test.ts', 'the oldest event is found']
  },
  {
    defence: 'Keys that the app\'s parser removes do not come back as arguments of a route',
    file: 'routes/json-border.ts',
    code: 'const given = request[part]',
    without: 'const given = part === \'body\' ? (request.body = valuesOf(request, depth)) : request[part]',
    test: ['routes/json-borders.test.ts', 'keys that the host\'s parser removes']
  },
  {
    defence: 'A body that a route takes nothing from does not hang its connection',
    file: 'routes/json-border.ts',
    code: 'place === \'body\' && JSON_TYPE',
    without: 'JSON_TYPE',
    test: ['routes/json-borders.test.ts', 'a body that a route takes no arguments from']
  },
  {
    defence: 'A call whose values lead to another route runs nothing of that',
    file: 'routes/route-procedure.ts',
    code: 'request.routeOptions.config.wamp === journey.meant ?',
    without: 'journey !== undefined ?',
    test: ['routes/procedures.test.ts', 'values that lead to another route']
  },
  {
    defence: 'A request that logs in or out no longer acts as the user it was',
    file: 'routes/identity.ts',
    code: 'sessions.delete(request)',
    without: '',
    test: ['routes/request-session.test.ts', 'a request that logs']
  },
  {
    defence: 'A stream of HTTP/2 that is canceled early leaves no session behind',
    file: 'routes/client-gone.ts',
    code: ' || stream?.destroyed === true',
    without: '',
    test: ['routes/client-gone.test.ts', 'who cancels its stream of HTTP/2 before']
  },
  {
    defence: 'A stream of HTTP/2 that is canceled during its call leaves no session behind',
    file: 'routes/bridge.ts',
    code: 'await own?.leave()',
    without: '',
    test: ['routes/client-gone.test.ts', 'who cancels its stream of HTTP/2 while']
  },
  {
    defence: 'Requests that wait behind others on a connection leave no session behind',
    file: 'routes/client-gone.ts',
    code: 'others?.add(end)',
    without: '',
    test: ['routes/client-gone.test.ts', 'who sends many requests at once']
  },
  {
    defence: 'A connection of HTTP/1.1 that waits for many answers is cut off',
    file: 'routes/connection-of.ts',
    code: 'raw.socket.destroy()',
    without: 'void raw',
    test: ['routes/client-gone.test.ts', 'who sends many requests at once']
  },
  {
    defence: 'With `allowedHosts`, a page of another origin cannot use what acts in the name of `as`',
    file: 'routes/origin.ts',
    code: 'if (allowedHosts === null || (isAllowedOrigin(request, endpoint) && ',
    without: 'if (allowedHosts === null || (',
    test: ['routes/origin.test.ts', 'with .allowedHosts. a page']
  },
  {
    defence: 'A signed request counts at one bridge of its key',
    file: 'routes/signed-request.ts',
    code: 'JSON.stringify([key, secret])',
    without: 'String(Math.random())',
    test: ['routes/bridge.test.ts', 'bridges with one key share']
  },
  {
    defence: 'Open calls do not keep payloads without a bound for callees that could have them next',
    file: 'plugin/realm/caller.ts',
    code: 'if (caller.octets + octets > most) return',
    without: 'if (caller.octets + octets < 0) return',
    test: ['realm/bounds.test.ts', 'open calls keep no more than']
  },
  {
    defence: 'Calls that none of many busy callees takes cost no look at each of these',
    file: 'plugin/realm/registration.ts',
    code: 'if (this.#busy.size === this.#offers.length) return undefined',
    without: '',
    test: ['realm/costs.test.ts', 'a call costs little where callees are many']
  },
  {
    defence: 'A session that held much leaves in turns',
    file: 'plugin/realm/realm.ts',
    code: 'begin({ work: () => steps.next().done !== true })',
    without: 'while (steps.next().done !== true);',
    test: ['realm/departure.test.ts', 'a session that holds much leaves in turns']
  },
  {
    defence: 'No call goes to a session that has left and is not withdrawn yet',
    file: 'plugin/realm/registrations.ts',
    code: 'if (this.#gone > 0) ',
    without: 'if (this.#gone < 0) ',
    test: ['realm/departure.test.ts', 'what a session offered is offered no longer']
  },
  {
    defence: 'Many deadlines that are over at once take turns',
    file: 'plugin/deadlines.ts',
    code: 'setTimeout(() => { begin(this) }',
    without: 'setTimeout(() => { while (this.work()); }',
    test: ['deadlines.test.ts', 'many that are over at once take turns']
  },
  {
    defence: 'A history whose events have no form for who asks is read in turns',
    file: 'plugin/realm/history-answer.ts',
    code: 'if (isTurnOver()) return place',
    without: '',
    test: ['realm/history-turns.test.ts', 'whether the events of a history have a form']
  },
  {
    defence: 'Calls of the meta API that wait for an answer keep no more octets than may be parked',
    file: 'plugin/realm/service-session.ts',
    code: 'if (caller !== undefined && (this.#waiting.get(caller) ?? 0) + payload.size > this.#octets) {',
    without: 'if (caller !== undefined && payload.size < 0) {',
    test: ['realm/history-turns.test.ts', 'calls that wait for their answers keep no more']
  },
  {
    defence: 'Who waits for many turns leaves others their own',
    file: 'plugin/work.ts',
    code: 'else owners.add(owner)',
    without: 'else owners.putBack(owner)',
    test: ['work.test.ts', 'owners are served one after the other']
  },
  {
    defence: 'A waiter finds units when it is its turn, whatever others do',
    file: 'plugin/work.ts',
    code: 'counts[LEFT] = units',
    without: "counts[LEFT] = phase === 'waiters' ? counts[LEFT]! : units",
    test: ['work.test.ts', 'a waiter goes on however much']
  },
  {
    defence: 'A look at a shared procedure tells nobody of all its callees that have left',
    file: 'plugin/realm/registrations.ts',
    code: 'if (offer === undefined) registration.untold--',
    without: 'if (offer === undefined) registration.untold = 0',
    test: ['realm/departure.test.ts', 'one look at a shared procedure']
  },
  {
    defence: 'Testaments are published in turns',
    file: 'plugin/realm/realm.ts',
    code: 'yield * this.#publishTestaments(session, testaments)',
    without: 'for (const step of this.#publishTestaments(session, testaments)) void step',
    test: ['realm/departure.test.ts', 'testaments are published in turns']
  },
  {
    defence: 'Calls of procedures of the app, and of routes, count as what they take',
    file: 'plugin/transport/in-process-transport.ts',
    code: 'spend(this.#unitsOfInvocation)',
    without: '{}',
    test: ['routes/route-turns.test.ts', 'calls of a route count']
  },
  {
    defence: 'All streams of a connection of HTTP/2 wait for the turns of one',
    file: 'routes/connection-of.ts',
    code: 'stream?.session ?? socket',
    without: 'socket',
    test: ['routes/http2.test.ts', 'all streams of a connection']
  },
  {
    defence: 'A connection that waits for many answers gets no further ones',
    file: 'routes/connection-of.ts',
    code: 'requestsOf.add(connectionOf(raw), reply, MOST_REQUESTS)',
    without: 'true',
    test: ['routes/http2.test.ts', 'a connection of HTTP/2 that waits']
  },
  {
    defence: 'Streams of events on a connection of HTTP/2 share what may wait for it',
    file: 'routes/events.ts',
    code: ' / Math.max(1, streamsOf.of(this.#owner))',
    without: '',
    test: ['routes/http2.test.ts', 'streams of events on a connection']
  },
  {
    defence: 'What a stream of events missed is given in turns',
    file: 'routes/missed-events.ts',
    code: 'await (nextTurn(owner) ?? undefined)',
    without: '',
    test: ['routes/missed-events.test.ts', 'who missed many events']
  },
  {
    defence: 'Streams of events that are given one event share its octets',
    file: 'routes/event-text.ts',
    code: 'if (known?.details === details) return known.octets',
    without: '',
    test: ['routes/event-text.test.ts', 'streams that are given one event']
  },
  {
    defence: 'A contract that wants unique items compares no item with each other',
    file: 'plugin/contract/contract-checks.ts',
    code: '!asked || areUnique(items)',
    without: '!asked || items.every((item, i) => items.indexOf(item) === i)',
    test: ['contract/unique-items.test.ts', 'a contract with uniqueItems costs']
  },
  {
    defence: 'No format of a contract takes long for any text',
    file: 'plugin/contract/contract-checks.ts',
    code: 'if (url instanceof RegExp) ajv.addFormat(\'url\', linear(url))',
    without: '',
    test: ['contract/formats.test.ts', 'no format of a contract']
  },
  {
    defence: 'A publisher that waits for many subscribers waits for one at a time',
    file: 'plugin/realm/patience.ts',
    code: 'if (wait !== null) break',
    without: 'if (wait === null && looks < 0) break',
    test: ['realm/patience.test.ts', 'a publisher waits for the subscribers that are behind']
  },
  {
    defence: 'With `allowedHosts`, a page whose domain is made to point here reads nothing in the name of `as` by GET',
    file: 'routes/origin.ts',
    code: ' && !isOfStrangersDomain(request, allowedHosts)',
    without: '',
    test: ['routes/origin.test.ts', 'with .allowedHosts. a page whose domain']
  },
  {
    defence: 'An upgrade that a hook of the app refuses leaves no connection open',
    file: 'routes/host.ts',
    code: 'stream?.end(() => { stream.destroy() })',
    without: '',
    test: ['routes/websocket.test.ts', 'an upgrade that an earlier hook of the host refuses']
  },
  {
    defence: 'A refusal quotes only the beginning of a URI',
    file: 'plugin/realm/refusal.ts',
    code: 'uri.length <= QUOTED ? uri :',
    without: 'uri.length > 0 ? uri :',
    test: ['mistakes.test.ts', 'a refusal names role, action and URI, which is cut']
  },
  {
    defence: 'What stands in the place of a secret is not quoted',
    file: 'plugin/option-faults.ts',
    code: "if (!isPlain || type === 'object' || secrets.test(path)) return",
    without: 'if (!isPlain) return',
    test: ['resolve-options.test.ts', 'what stands in the place of a secret is not quoted']
  }
]
