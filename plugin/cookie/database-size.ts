interface Pages { readonly treeBranchPageCount: number, readonly treeLeafPageCount: number, readonly overflowPages: number, readonly treeDepth: number }

/** What LMDB says of a database, as far as it is needed here. */
interface Stats extends Pages { readonly pageSize: number, readonly lastPageNumber: number, readonly free: Pages }

/** Pages that are no record's: the heads of the file, and what a transaction needs for itself. */
const OVERHEAD = 6

/**
 * Whether so many records more keep a database below so many octets. LMDB takes its size for a first guess, and grows beyond
 * it. Pages that are free are used again, but not at once: the file may grow by a few of them.
 */
export function hasRoom (database: { getStats (): object }, maxSize: number, records: number): boolean {
  const stats = database.getStats() as Stats
  const used = stats.lastPageNumber + 1
  const free = Math.max(0, used - OVERHEAD - pagesOf(stats) - pagesOf(stats.free))
  const room = Math.floor(maxSize / stats.pageSize) - used + free
  // A record may change one page of each level of the tree, and begin a new one.
  return room >= Math.min(records, pagesOf(stats)) + stats.treeDepth + OVERHEAD
}

function pagesOf ({ treeBranchPageCount, treeLeafPageCount, overflowPages }: Pages): number {
  return treeBranchPageCount + treeLeafPageCount + overflowPages
}
