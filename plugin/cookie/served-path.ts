import { readlinkSync, realpathSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, parse, relative, sep } from 'node:path'

/** True for a path that is served from a static root. Files are served through symbolic links, too. */
export function isServed (root: string, path: string): boolean {
  return isInside(root, path) || isInside(realPath(root), realPath(path))
}

/** As many links as Linux follows. */
const MOST_LINKS = 40

/** Where a path leads in the end, also through links to what does not exist yet. */
function realPath (path: string, links = { left: MOST_LINKS }): string {
  try {
    return realpathSync(path)
  } catch {
    if (dirname(path) === path) return path
    const directory = realPath(dirname(path), links)
    const target = links.left-- > 0 ? linkTarget(path) : null
    if (target === null) return join(directory, basename(path))
    // Each part may be a link itself, and `..` is the folder above what that leads to.
    const { root } = parse(target)
    return target.slice(root.length).split(sep).reduce((at, part) => part === '..' ? dirname(at) : realPath(join(at, part), links), root === '' ? directory : root)
  }
}

function linkTarget (path: string): string | null {
  try {
    return readlinkSync(path)
  } catch {
    return null
  }
}

/** What is, or is in, a dotfile is not served. */
function isInside (root: string, filename: string): boolean {
  const parts = relative(root, filename).split(sep)
  return !parts.some((part) => part.startsWith('.')) && !isAbsolute(parts.join(sep))
}
