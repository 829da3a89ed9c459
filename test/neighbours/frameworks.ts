import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { run, snippetsOf } from '../docs/snippets.ts'
import { install } from './install.ts'

const packages = { react: '19.3.1', 'react-dom': '19.3.1', vue: '3.5.45', jsdom: '26.1.0' }

/** A publication that is retained, a component that shows the last event, and what the page contains after each step. */
const main = `
import { JSDOM } from 'jsdom'
const { window } = new JSDOM('<main></main>')
const { document, navigator, Element, SVGElement } = window
const globals = { window, document, navigator, Element, SVGElement, IS_REACT_ACT_ENVIRONMENT: true }
for (const [name, value] of Object.entries(globals)) Object.defineProperty(globalThis, name, { value, configurable: true })
const { act, createElement } = await import('react')
const { createRoot } = await import('react-dom/client')
const { createApp, h, nextTick } = await import('vue')
const { useTopic } = await import('./use-topic.js')
const { topicRef } = await import('./topic.js')
const { default: Fastify } = await import('fastify')
const { default: wampPlugin } = await import('fastify-wamp')

const app = Fastify()
await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: { permissions: [] } } } } })
const backend = app.wamp.join('realm1')
const session = app.wamp.join('realm1')
const root = document.querySelector('main')
const topic = 'com.example.online'
const publish = (...users) => backend.publish(topic, [users], {}, { retain: true })
const subscribers = () => backend.call('wamp.subscription.lookup', [topic])
const turns = async () => { for (let i = 0; i < 20; i++) await new Promise((resolve) => { setImmediate(resolve) }) }

await publish('joe')
const inReact = () => createElement('p', null, useTopic(session, topic, [[]])[0].join(', '))
const mounted = createRoot(root)
await act(async () => { mounted.render(createElement(inReact)); await turns() })
console.log('react', root.textContent)
await act(async () => { await publish('joe', 'ann'); await turns() })
console.log('react', root.textContent)
await act(async () => { mounted.unmount() })
await turns()
console.log('react', await subscribers())

const vue = createApp({ setup () { const args = topicRef(session, topic, [[]]); return () => h('p', args.value[0].join(', ')) } })
vue.mount(root)
await turns()
console.log('vue', root.textContent)
await publish('joe')
await turns()
await nextTick()
console.log('vue', root.textContent)
vue.unmount()
await turns()
console.log('vue', await subscribers())
await app.close()
`

const installed = await install(packages)

t.test(`the recipes for react ${packages.react} and vue ${packages.vue} show the last event, and unsubscribe when a component is unmounted`, { skip: installed.skip }, async (t) => {
  if (installed.skip !== false) return
  const folder = join(installed.folder, 'recipes')
  await mkdir(folder, { recursive: true })
  const files = snippetsOf('docs/recipes.md').filter(({ name }) => name === 'use-topic.js' || name === 'topic.js')
  for (const { name, text } of [...files, { name: 'main.js', text: main }]) await writeFile(join(folder, name!), text)
  t.same((await run(folder, 'main.js')).trim().split('\n'), ['react joe', 'react joe, ann', 'react null', 'vue joe, ann', 'vue joe', 'vue null'])
})
