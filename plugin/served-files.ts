import { readlinkSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, parse, relative, sep } from 'node:path'

/** True for a file that would be served from a static root. Both are absolute. Files are served through symbolic links, too. */
export function isServed (root: string, filename: string): boolean {
  return isInside(root, filename) || isInside(realPath(root), realPath(filename))
}

/** Where a path leads in the end, also through links to what does not exist yet. Follows as many links as Linux does. */
function realPath (path: string, links = { left: 40 }): string {
  if (dirname(path) === path) return path
  const directory = realPath(dirname(path), links)
  const target = linkTarget(join(directory, basename(path)))
  if (target === null || links.left-- <= 0) return join(directory, basename(path))
  // Each part may be a link itself, and `..` is the folder above what that leads to.
  const { root } = parse(target)
  return target.slice(root.length).split(sep).reduce((at, part) => part === '..' ? dirname(at) : realPath(join(at, part), links), root === '' ? directory : root)
}

function linkTarget (path: string): string | null {
  try {
    return readlinkSync(path)
  } catch {
    return null
  }
}

/** Dotfiles, and files in folders that begin with a dot, are not served. */
function isInside (root: string, filename: string): boolean {
  const parts = relative(root, filename).split(sep)
  return !parts.some((part) => part.startsWith('.')) && !isAbsolute(parts.join(sep))
}
