/** The URIs with which the router closes, aborts and refuses [basic, Predefined URIs; advanced, Predefined URIs]. */
export const reasons = {
  /** A peer answers GOODBYE. */
  goodbyeAndOut: 'wamp.close.goodbye_and_out',
  /** A peer leaves the realm. */
  closeRealm: 'wamp.close.close_realm',
  /** The router shuts down. */
  systemShutdown: 'wamp.close.system_shutdown',
  /** The session was killed. */
  killed: 'wamp.close.killed',
  /** The client logs out: its cookie is forgotten. A Crossbar.io convention. */
  logout: 'wamp.close.logout',

  /** A peer broke a rule of the protocol: always ABORT, never ERROR. */
  protocolViolation: 'wamp.error.protocol_violation',
  /** A URI that does not fit its place. */
  invalidUri: 'wamp.error.invalid_uri',
  /** An argument that does not fit. */
  invalidArgument: 'wamp.error.invalid_argument',
  /** No registration matches the called procedure. */
  noSuchProcedure: 'wamp.error.no_such_procedure',
  /** The procedure is registered already. */
  procedureAlreadyExists: 'wamp.error.procedure_already_exists',
  /** The session holds no such registration. */
  noSuchRegistration: 'wamp.error.no_such_registration',
  /** The session holds no such subscription. */
  noSuchSubscription: 'wamp.error.no_such_subscription',
  /** No such session in this realm. */
  noSuchSession: 'wamp.error.no_such_session',
  /** The call ended before its callee answered: canceled, or the callee left. */
  canceled: 'wamp.error.canceled',
  /** The call's time is up. */
  timeout: 'wamp.error.timeout',
  /** The router could not reach the callee. */
  networkFailure: 'wamp.error.network_failure',
  /** A callee cannot take the call now: another one may. */
  unavailable: 'wamp.error.unavailable',
  /** No callee of the procedure can take the call now. */
  noAvailableCallee: 'wamp.error.no_available_callee',
  /** What UNREGISTERED says to a callee whose procedure another one took over. A Crossbar.io convention. */
  unregistered: 'wamp.error.unregistered',
  /** The subscription's events are not kept. A Crossbar.io convention. */
  historyUnavailable: 'wamp.error.history_unavailable',
  /** The other side did not announce what this needs. */
  featureNotSupported: 'wamp.error.feature_not_supported',
  /** Disclosure was asked for and is not allowed here. */
  discloseMeDisallowed: 'wamp.error.option_disallowed.disclose_me',
  /** An option that the configuration does not allow. */
  optionNotAllowed: 'wamp.error.option_not_allowed',
  /** The message is too large for the receiver. */
  payloadSizeExceeded: 'wamp.error.payload_size_exceeded',

  /** The principal may not do this. */
  notAuthorized: 'wamp.error.not_authorized',
  /** The authorizer itself failed. */
  authorizationFailed: 'wamp.error.authorization_failed',
  /** HELLO names a realm that does not exist. */
  noSuchRealm: 'wamp.error.no_such_realm',
  /** The role is not, or no longer, part of the realm. */
  noSuchRole: 'wamp.error.no_such_role',
  /** No such user. */
  noSuchPrincipal: 'wamp.error.no_such_principal',
  /** None of the offered methods is configured. */
  noMatchingAuthMethod: 'wamp.error.no_matching_auth_method',
  /** Anonymous sessions are not let in. */
  authenticationRequired: 'wamp.error.authentication_required',
  /** The proof was wrong. */
  authenticationDenied: 'wamp.error.authentication_denied',
  /** Authentication failed for a technical reason. */
  authenticationFailed: 'wamp.error.authentication_failed',

  /** The session has reached one of its limits. No URI of the specification says so. */
  limitExceeded: 'fastify_wamp.error.limit_exceeded',
  /** Who tries to log in has failed too often. No URI of the specification says so. */
  tooManyFailedLogins: 'fastify_wamp.error.too_many_failed_logins',
  /** A callee's result is not what the realm's contract says. No URI of the specification says so. */
  invalidResult: 'fastify_wamp.error.invalid_result',
  /** A route that is a procedure answered 404 or 410. No URI of the specification says so. */
  notFound: 'fastify_wamp.error.not_found',
  /** A route that is a procedure answered 409. No URI of the specification says so. */
  conflict: 'fastify_wamp.error.conflict',
  /** A procedure threw something other than a WampError. */
  runtimeError: 'wamp.error.runtime_error'
} as const
