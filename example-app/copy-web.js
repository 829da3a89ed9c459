// tsc compiles server.ts to dist/example-app/, and leaves the page behind: it goes beside it.
import { cpSync } from 'node:fs'

cpSync(new URL('web/', import.meta.url), new URL('../dist/example-app/web/', import.meta.url), { recursive: true })
