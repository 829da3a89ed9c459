import type { Test } from 'tap'
import { Command } from './command.ts'

const all = { call: true, register: true, publish: true, subscribe: true }

/** A role of a Crossbar.io configuration that may do everything. */
export const everything = (name: string): object => ({ name, permissions: [{ uri: '', match: 'prefix', allow: all }] })

/** A role that may register one procedure, and nothing else: that of an authenticator or authorizer. */
export const mayRegister = (name: string, uri: string): object => ({ name, permissions: [{ uri, match: 'exact', allow: { register: true } }] })

/**
 * Runs the command on a configuration with these realms, and an `auth` for each path. Resolves to the URL of a path. Files are
 * put beside the configuration; `tls` is that of the endpoint.
 */
export async function serve (t: Test, { realms, paths, tls, files = {} }: {
  realms: Readonly<Record<string, readonly object[]>>
  paths: Readonly<Record<string, object>>
  tls?: object
  files?: Readonly<Record<string, string>>
}): Promise<{ url: (path: string) => string, directory: string }> {
  const configuration = {
    version: 2,
    workers: [{
      type: 'router',
      realms: Object.entries(realms).map(([name, roles]) => ({ name, roles })),
      transports: [{
        type: 'web',
        endpoint: { type: 'tcp', port: 8080, ...(tls === undefined ? {} : { tls }) },
        paths: { '/': { type: 'static', directory: '../web' }, ...Object.fromEntries(Object.entries(paths).map(([path, service]) => [path, { type: 'websocket', ...service }])) }
      }]
    }]
  }
  const directory = t.testdir({ '.crossbar': { 'config.json': JSON.stringify(configuration), ...files }, web: {} })
  const http = await new Command(t, directory).start()
  return { url: (path) => `${http.replace('http', 'ws')}/${path}`, directory }
}
