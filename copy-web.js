// tsc compiles the code to dist/, and leaves the pages behind: they go beside the code that serves them.
import { cpSync } from 'node:fs'

for (const folder of ['routes/console/', 'example-app/web/']) {
  cpSync(new URL(folder, import.meta.url), new URL(`dist/${folder}`, import.meta.url), { recursive: true })
}
