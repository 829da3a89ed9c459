interface Pages { readonly treeBranchPageCount: number, readonly treeLeafPageCount: number, readonly overflowPages: number, readonly treeDepth: number }

/** The part of LMDB's statistics that is needed here. */
interface Stats extends Pages { readonly pageSize: number, readonly lastPageNumber: number, readonly free: Pages }

/** Pages that are not used for records: the heads of the file, and those that a transaction needs. */
const OVERHEAD = 6

/**
 * Decides whether further records keep a database below a size. LMDB treats its size as an initial estimate and grows beyond it. Free
 * pages are reused, but not at once, so the file may grow by a few pages.
 */
export function hasRoom (database: { getStats (): object }, maxSize: number, records: number): boolean {
  const stats = database.getStats() as Stats
  const used = stats.lastPageNumber + 1
  const free = Math.max(0, used - OVERHEAD - pagesOf(stats) - pagesOf(stats.free))
  const room = Math.floor(maxSize / stats.pageSize) - used + free
  // A record may change one page on each level of the tree, and create a new one.
  return room >= Math.min(records, pagesOf(stats)) + stats.treeDepth + OVERHEAD
}

function pagesOf ({ treeBranchPageCount, treeLeafPageCount, overflowPages }: Pages): number {
  return treeBranchPageCount + treeLeafPageCount + overflowPages
}
