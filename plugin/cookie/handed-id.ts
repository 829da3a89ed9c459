/** How many ids a tree of handed out ids may have. Beyond that an upgrade starts a tree of its own, which fails safe. */
const MOST_IDS = 16

/**
 * An id that was handed out to a connection, and the ids that were handed to upgrades which brought it. Somebody else may
 * have seen an id that is brought: it may have been planted. So a login on a connection binds the leaves below the id that
 * the connection was handed, which nobody has brought yet: never the id's parent, never its siblings.
 */
export class HandedId<C> {
  readonly key: string
  /** The connection that was handed it, as long as it is open. */
  connection: C | undefined
  readonly #tree: { ids: number }
  #parent: HandedId<C> | undefined
  #children: HandedId<C>[] = []
  /** An id is bound once in its life at most. */
  #state: 'handed out' | 'brought' | 'bound' = 'handed out'

  constructor (key: string, connection: C, parent?: HandedId<C>) {
    this.key = key
    this.connection = connection
    this.#parent = parent
    this.#tree = parent === undefined ? { ids: 0 } : parent.#tree
    this.#tree.ids++
  }

  /** The id for an upgrade that brought this one. */
  handOn (key: string, connection: C): HandedId<C> {
    if (this.#state === 'handed out') this.#state = 'brought'
    // A tree is full, or this id is that of a login that is over: what is handed out has nothing to do with it.
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

  /** Its connection is closed. Returns the ids of which no open connection needs to know any more. */
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
