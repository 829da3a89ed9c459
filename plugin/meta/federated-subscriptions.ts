import type { NodeId } from '../cluster/node-id.ts'
import type { Id } from '../protocol/id.ts'
import type { Uri } from '../protocol/uri.ts'
import { isNaturalNumber } from '../protocol/wire-value.ts'
import type { Answer, Federation } from '../routing/federation.ts'
import type { Subscription } from '../routing/subscription.ts'
import type { Subscriptions } from '../routing/subscriptions.ts'
import { spend } from '../work.ts'
import { optional, toId } from './meta-argument.ts'
import { mostIds, pageOf } from './page.ts'
import type { FindSession } from './registration-procedures.ts'
import type { MetaCall, MetaProcedure, MetaResult } from './service-session.ts'

/** The question for the subscribers of a subscription at one node, with ids above a number, and at most so many. */
const SUBSCRIBERS = 'subscribers'

/** What other nodes ask about the subscriptions of this one. */
export function subscriptionQuestions (local: Readonly<Record<Uri, MetaProcedure>>, subscriptions: Subscriptions): Record<string, MetaProcedure> {
  return {
    'wamp.subscription.list': local['wamp.subscription.list']!,
    'wamp.subscription.count_subscribers': local['wamp.subscription.count_subscribers']!,
    'wamp.subscription.remove_subscriber': local['wamp.subscription.remove_subscriber']!,
    [SUBSCRIBERS]: ({ args: [id, after, most] }) => {
      const subscription = subscriptions.byId.get(toId(id, 'subscription'))
      return [subscription === undefined || !isNaturalNumber(after) || !isNaturalNumber(most) ? [] : idsOf(subscription, after, most)]
    }
  }
}

/** The procedures about subscriptions that concern other nodes, in place of those about this one. */
export function federatedSubscriptions ({ federation, local, subscriptions, findSession, octets }: {
  federation: Federation
  /** The same procedures, about this node only. */
  local: Readonly<Record<Uri, MetaProcedure>>
  subscriptions: Subscriptions
  findSession: FindSession
  /** The octets of one answer. */
  octets: number
}): Record<Uri, MetaProcedure> {
  const most = mostIds(octets)
  const at = (node: NodeId, name: string, { caller: { isTrusted }, args, kwargs }: MetaCall): Promise<Answer> => federation.ask(node, { name, args, kwargs, isTrusted })
  const withSession = (name: Uri, index: number): MetaProcedure => (call) => {
    const id = optional(toId, call.args[index], 'session')
    const node = id === undefined ? undefined : findSession(id)?.node
    return node === undefined ? local[name]!(call) : at(node, name, call)
  }
  /** The nodes other than this one that have subscribers. The local procedure checks the arguments first. */
  const others = (id: unknown): NodeId[] => [...subscriptions.byId.get(id as Id)?.holders ?? []].filter((node) => node !== federation.node)

  return {
    'wamp.subscription.list': withSession('wamp.subscription.list', 0),
    'wamp.subscription.remove_subscriber': withSession('wamp.subscription.remove_subscriber', 1),
    'wamp.subscription.count_subscribers': (call) => {
      const name = 'wamp.subscription.count_subscribers'
      const here = local[name]!(call) as [number]
      const nodes = others(call.args[0])
      if (nodes.length === 0) return here
      return Promise.all(nodes.map((node) => at(node, name, call))).then((answers) => [answers.reduce((sum, { args: [count] }) => sum + Number(count), here[0])])
    },
    'wamp.subscription.list_subscribers': (call) => {
      const [id] = call.args
      const nodes = others(id)
      if (nodes.length === 0) return local['wamp.subscription.list_subscribers']!(call)
      local['wamp.subscription.count_subscribers']!(call)
      return listAll(call, most, nodes, (node, after, count) => at(node, SUBSCRIBERS, { ...call, args: [id, after, count], kwargs: {} }), (after, count) => idsOf(subscriptions.byId.get(id as Id)!, after, count))
    }
  }
}

/** A page of the subscribers of all nodes, in the order of their ids. */
async function listAll (
  { kwargs }: MetaCall, most: number, nodes: readonly NodeId[],
  there: (node: NodeId, after: number, count: number) => Promise<Answer>, here: (after: number, count: number) => Id[]
): Promise<MetaResult> {
  let wanted: [after: number, count: number] = [0, 0]
  pageOf(kwargs, most, (after, count) => {
    wanted = [after, count]
    return []
  }, Number)
  const answers = await Promise.all(nodes.map((node) => there(node, ...wanted)))
  const ids = [here(...wanted), ...answers.map(({ args: [list] }) => Array.isArray(list) ? list.filter(isNaturalNumber) : [])].flat()
  spend(ids.length)
  ids.sort((a, b) => a - b)
  const page = pageOf(kwargs, most, (_, count) => ids.slice(0, count), Number)
  return { args: [page.items], kwargs: page.kwargs }
}

/** The first ids above a number. */
function idsOf ({ subscribers }: Subscription, after: number, most: number): Id[] {
  spend(subscribers.size)
  return Array.from(subscribers.all, ({ id }) => id).filter((id) => id > after).sort((a, b) => a - b).slice(0, most)
}
