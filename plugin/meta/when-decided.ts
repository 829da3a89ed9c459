import { PendingVerdict } from '../authorization/pending-verdict.ts'
import type { Verdict } from '../authorization/verdict.ts'
import type { MetaCall } from './service-session.ts'

/** Continues a call of the meta API with a verdict: at once, unless an authorizer is asynchronous. If the call is canceled, it no longer waits. */
export function whenDecided<T> (call: MetaCall, verdict: Verdict | PendingVerdict, goOn: (verdict: Verdict) => T | Promise<T>): T | Promise<T> {
  if (!(verdict instanceof PendingVerdict)) return goOn(verdict)
  call.whenCanceled = () => { verdict.abandon() }
  return verdict.verdict.then(goOn)
}
