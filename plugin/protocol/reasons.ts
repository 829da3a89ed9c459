/** The URIs of the router for closing, aborting and refusing [basic, Predefined URIs; advanced, Predefined URIs]. */
export const reasons = {
  /** The answer to GOODBYE. */
  goodbyeAndOut: 'wamp.close.goodbye_and_out',
  /** The answer of Crossbar.io to GOODBYE. */
  closeNormal: 'wamp.close.normal',
  /** A peer leaves the realm. */
  closeRealm: 'wamp.close.close_realm',
  /** The router is shutting down. */
  systemShutdown: 'wamp.close.system_shutdown',
  /** The session was killed. */
  killed: 'wamp.close.killed',
  /** The client logs out, and its cookie is deleted. A Crossbar.io convention. */
  logout: 'wamp.close.logout',

  /** A peer violated the protocol. Only used in ABORT, never in ERROR. */
  protocolViolation: 'wamp.error.protocol_violation',
  /** A URI is malformed, or does not follow the rules for its purpose. */
  invalidUri: 'wamp.error.invalid_uri',
  /** An argument is invalid. */
  invalidArgument: 'wamp.error.invalid_argument',
  /** No registration matches the called procedure. */
  noSuchProcedure: 'wamp.error.no_such_procedure',
  /** The procedure is already registered. */
  procedureAlreadyExists: 'wamp.error.procedure_already_exists',
  /** The session has no such registration. */
  noSuchRegistration: 'wamp.error.no_such_registration',
  /** The session has no such subscription. */
  noSuchSubscription: 'wamp.error.no_such_subscription',
  /** There is no such session in this realm. */
  noSuchSession: 'wamp.error.no_such_session',
  /** The call ended before its callee answered, because it was canceled or the callee left. */
  canceled: 'wamp.error.canceled',
  /** The call timed out. */
  timeout: 'wamp.error.timeout',
  /** The router could not reach the callee. */
  networkFailure: 'wamp.error.network_failure',
  /** The callee cannot take the call now, but another one may. */
  unavailable: 'wamp.error.unavailable',
  /** No callee of the procedure can take the call now. */
  noAvailableCallee: 'wamp.error.no_available_callee',
  /** The reason in UNREGISTERED for a callee whose procedure another callee took over. A Crossbar.io convention. */
  unregistered: 'wamp.error.unregistered',
  /** The events of the subscription are not stored. A Crossbar.io convention. */
  historyUnavailable: 'wamp.error.history_unavailable',
  /** The other side did not announce a required feature. */
  featureNotSupported: 'wamp.error.feature_not_supported',
  /** Disclosure was requested but is not allowed. */
  discloseMeDisallowed: 'wamp.error.option_disallowed.disclose_me',
  /** The configuration does not allow an option. */
  optionNotAllowed: 'wamp.error.option_not_allowed',
  /** The message is too large for the receiver. */
  payloadSizeExceeded: 'wamp.error.payload_size_exceeded',

  /** The principal does not have the permission. */
  notAuthorized: 'wamp.error.not_authorized',
  /** The authorizer itself failed. */
  authorizationFailed: 'wamp.error.authorization_failed',
  /** HELLO names a realm that does not exist. */
  noSuchRealm: 'wamp.error.no_such_realm',
  /** The realm does not have the role, or no longer has it. */
  noSuchRole: 'wamp.error.no_such_role',
  /** There is no such user. */
  noSuchPrincipal: 'wamp.error.no_such_principal',
  /** None of the offered methods is configured. */
  noMatchingAuthMethod: 'wamp.error.no_matching_auth_method',
  /** Crossbar.io's URI for clients that offer no configured method. */
  noAuthMethod: 'wamp.error.no_auth_method',
  /** Anonymous sessions are not allowed. */
  authenticationRequired: 'wamp.error.authentication_required',
  /** The proof was wrong. */
  authenticationDenied: 'wamp.error.authentication_denied',
  /** Authentication failed for a technical reason. */
  authenticationFailed: 'wamp.error.authentication_failed',

  /** The session has reached one of its limits. Not defined by the specification. */
  limitExceeded: 'fastify_wamp.error.limit_exceeded',
  /** There were too many failed logins. Not defined by the specification. */
  tooManyFailedLogins: 'fastify_wamp.error.too_many_failed_logins',
  /** The result of a callee violates the realm's contract. Not defined by the specification. */
  invalidResult: 'fastify_wamp.error.invalid_result',
  /** A route that is a procedure answered 404 or 410. Not defined by the specification. */
  notFound: 'fastify_wamp.error.not_found',
  /** A route that is a procedure answered 409. Not defined by the specification. */
  conflict: 'fastify_wamp.error.conflict',
  /** A procedure threw an error other than a WampError. */
  runtimeError: 'wamp.error.runtime_error'
} as const
