import t from 'tap'
import { Setting } from '../../plugin/crossbar/setting.ts'
import { variable } from './sample.ts'

const env = { NAME: 'value', PORT: '8080', EMPTY: '', 'odd name': 'odd' }
const setting = (value: unknown, path = 'here'): Setting => new Setting(value, path, { env, warnings: [] })
const expected = (text: string): { code: string, message: string } => ({ code: 'WAMP_ERR_CROSSBAR_CONFIG', message: `The configuration's "here" ${text}` })

t.test('a string that consists of a variable name is replaced by the environment variable [TIC-02]', async (t) => {
  t.equal(setting(variable('NAME')).string(), 'value')
  t.equal(setting(variable('odd name')).text(), 'odd')
  t.equal(setting(variable('NAME')).oneOf(['other', 'value']), 'value')
  for (const literal of ['$NAME', variable(''), `a${variable('NAME')}`, `${variable('NAME')}b`, 'NAME', '']) t.equal(setting(literal).string(), literal)
})

t.test('a missing variable is an error, and so is an empty one if a value is required [TIC-02]', async (t) => {
  for (const name of ['MISSING', 'constructor', '__proto__']) {
    t.throws(() => setting(variable(name)).string(), expected(`needs the environment variable ${name}`))
  }
  t.throws(() => setting(variable('EMPTY')).text(), expected('must not be empty'))
  t.equal(setting(variable('EMPTY')).string(), '')
})

t.test('a number may come from the environment, with braces or without', async (t) => {
  t.equal(setting(variable('PORT')).integer(1, 65535), 8080)
  t.equal(setting('$PORT').integer(1, 65535), 8080)
  t.throws(() => setting('$MISSING').integer(1), expected('needs the environment variable MISSING'))
  for (const value of ['8080', '$NAME', variable('NAME'), variable('EMPTY'), '']) t.throws(() => setting(value).integer(1), expected('must be a whole number of 1 or more'))
})

t.test('a number is whole and in its range', async (t) => {
  t.equal(setting(1).integer(1, 2), 1)
  t.equal(setting(2).integer(1, 2), 2)
  for (const value of [0, 3, 1.5, NaN, Infinity, true, null, [1]]) t.throws(() => setting(value).integer(1, 2), expected('must be a whole number from 1 to 2'))
})

t.test('each kind of value is no other', async (t) => {
  t.throws(() => setting(1).string(), expected('must be a string'))
  t.throws(() => setting('').text(), expected('must not be empty'))
  t.throws(() => setting('true').flag(), expected('must be true or false'))
  t.throws(() => setting('b').oneOf(['a', 4]), expected('must be "a" or 4'))
  t.throws(() => setting('4').oneOf(['a', 4]), expected('must be "a" or 4'))
  t.throws(() => setting('text').list(), expected('must be a list'))
  for (const value of [null, [], 'text', 1]) t.throws(() => setting(value).map(), expected('must be a dict'))
})

t.test('a path says where a value stands', async (t) => {
  const whole = setting({ a: [{ 'b-c': 1, '/': 2, 'joe@example.com': 3, 'x"y': 4 }] }, '')
  const [first] = whole.member('a').list()
  t.same([...first!.map().values()].map(({ path }) => path), ['a[0].b-c', 'a[0]["/"]', 'a[0]["joe@example.com"]', 'a[0]["x\\"y"]'])
})

t.test('a dict of fixed keys has no others; what is absent is not there', async (t) => {
  const warnings: string[] = []
  const whole = new Setting({ a: 1, b: undefined, c: 2, d: 3 }, 'here', { env, warnings })
  const settings = whole.record({ served: ['a', 'b'], unserved: ['c'], silent: ['d'] })
  t.equal(settings.get('a').integer(1), 1)
  t.equal(settings.find('b'), undefined)
  t.throws(() => settings.get('b'), expected('must have "b"'))
  t.throws(() => whole.member('b'), expected('must have "b"'))
  t.same(warnings, ['here.c has no equivalent'])
  t.throws(() => whole.record({ served: ['a', 'b', 'c'] }), { message: 'The configuration\'s "here.d" is unknown' })
  t.throws(() => setting(JSON.parse('{"__proto__": 1}')).record({ served: ['a'] }), { message: 'The configuration\'s "here.__proto__" is unknown' })
})
