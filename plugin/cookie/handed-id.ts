/** The maximum number of ids in a tree. Beyond it, an upgrade starts a new tree, which is the safe choice. */
const MOST_IDS = 16

/**
 * An id that was sent to a client, and the ids that were sent in response to it. An id that a client sends may be known to others, because
 * it may have been planted. A login on a connection is therefore bound to the leaves below the connection's id, which no client has used
 * yet: never to the id's parent or siblings.
 */
export class HandedId<C> {
  readonly key: string
  /** The connection to which it was sent, while open. */
  connection: C | undefined
  readonly #tree: { ids: number }
  #parent: HandedId<C> | undefined
  #children: HandedId<C>[] = []
  /** True once bound; an id is bound at most once. */
  #state: 'handed out' | 'brought' | 'bound' = 'handed out'

  constructor (key: string, connection: C, parent?: HandedId<C>) {
    this.key = key
    this.connection = connection
    this.#parent = parent
    this.#tree = parent === undefined ? { ids: 0 } : parent.#tree
    this.#tree.ids++
  }

  /** The id for an upgrade that carries this one. */
  handOn (key: string, connection: C): HandedId<C> {
    if (this.#state === 'handed out') this.#state = 'brought'
    // If the tree is full, or the id's login has ended, the new id is unrelated to it.
    if (this.#tree.ids >= MOST_IDS || this.#state === 'bound') return new HandedId<C>(key, connection)
    const child = new HandedId<C>(key, connection, this)
    this.#children.push(child)
    return child
  }

  /** Binds the leaves from here on, and returns them. */
  bind (): HandedId<C>[] {
    if (this.#state === 'brought') return this.#children.flatMap((child) => child.bind())
    if (this.#state === 'bound') return []
    this.#state = 'bound'
    return [this]
  }

  /** Called when its connection is closed. Returns the ids that no open connection needs. */
  leave (): HandedId<C>[] {
    this.connection = undefined
    return this.#isNeeded() ? [] : this.#drop()
  }

  #isNeeded (): boolean {
    return this.connection !== undefined || (this.#parent !== undefined && this.#parent.#isNeeded())
  }

  #drop (): HandedId<C>[] {
    const children = this.#children
    this.#children = []
    this.#tree.ids--
    const dropped = children.flatMap((child) => {
      child.#parent = undefined
      return child.connection === undefined ? child.#drop() : []
    })
    return [this, ...dropped]
  }
}
