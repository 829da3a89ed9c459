import { statfs } from 'node:fs/promises'
import type { StoredRecord } from './cookie-store.ts'

interface Pages { readonly treeBranchPageCount: number, readonly treeLeafPageCount: number, readonly overflowPages: number, readonly treeDepth: number }

/** The part of LMDB's statistics that is needed here. */
export interface Stats extends Pages { readonly pageSize: number, readonly lastPageNumber: number, readonly free: Pages }

/** A change that is to be written. Without a record it is a deletion. */
export interface Change { readonly key: string, readonly record: StoredRecord | null }

/** Pages that are not used for records: the heads of the file, and those that a transaction needs. */
const OVERHEAD = 6
/** Pages of the disk that are left for deletions, which give space back. */
const RESERVE = 10

/**
 * Decides whether further records keep a database below a size. LMDB treats its size as an initial estimate and grows beyond it. Free
 * pages are reused, but not at once, so the file may grow by a few pages.
 */
export function hasRoom (stats: Stats, maxSize: number, records: number): boolean {
  const used = stats.lastPageNumber + 1
  const free = Math.max(0, used - OVERHEAD - pagesOf(stats) - pagesOf(stats.free))
  const room = Math.floor(maxSize / stats.pageSize) - used + free
  // A record may change one page on each level of the tree, and create a new one.
  return room >= Math.min(records, pagesOf(stats)) + stats.treeDepth + OVERHEAD
}

/**
 * The changes that the disk has space for. The native code of LMDB may write beyond its memory if a write to a full disk fails, which
 * ends the process, so that such a write must not be tried.
 */
export async function changesThatFit<C extends Change> (changes: readonly C[], stats: Stats, path: string): Promise<C[]> {
  const { bavail, bsize, blocks } = await statfs(path)
  // Some file systems do not tell their size.
  if (blocks === 0) return [...changes]
  const pages = pagesOf(stats)
  let room = Math.floor(bavail * bsize / stats.pageSize) - stats.treeDepth - OVERHEAD
  let touched = 0
  return changes.filter(({ key, record }) => {
    const needed = (touched < pages ? 1 : 0) + (record === null ? 0 : 1 + Math.ceil((key.length + Buffer.byteLength(JSON.stringify(record))) / stats.pageSize))
    if (room - needed < (record === null ? 0 : RESERVE)) return false
    room -= needed
    touched++
    return true
  })
}

function pagesOf ({ treeBranchPageCount, treeLeafPageCount, overflowPages }: Pages): number {
  return treeBranchPageCount + treeLeafPageCount + overflowPages
}
