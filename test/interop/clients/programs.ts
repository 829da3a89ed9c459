import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Client } from './client.ts'

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { readonly version: string }

/** The client of this package. It runs from its source. */
export const own: Client = {
  name: 'fastify-wamp/client',
  version,
  folder: 'own',
  needs: { program: process.execPath, args: ['--version'], install: 'install Node.js' },
  commands: [],
  start: [process.execPath, ...process.execArgv, fileURLToPath(new URL('own/client.ts', import.meta.url))],
  serializers: ['json', 'msgpack', 'cbor'],
  methods: ['ticket', 'wampcra', 'anonymous', 'cookie'],
  headers: true
}

/** The client of the router nexus, in Go. */
export const nexus: Client = {
  name: 'nexus for Go',
  version: '3.3.0',
  folder: 'nexus',
  needs: { program: 'go', args: ['version'], install: 'install Go 1.25 or later' },
  // Without optimization it takes half the time.
  commands: [['go', 'build', '-mod=readonly', '-gcflags=all=-N -l', '-ldflags=-s -w', '-tags=codec.notfastpath,codec.notmono', '-o', 'client', '.']],
  start: ['./client'],
  serializers: ['json', 'msgpack', 'cbor'],
  methods: ['ticket', 'wampcra', 'anonymous', 'return'],
  headers: false
}

/** The client of the router xconn, in Go. */
export const xconnGo: Client = {
  name: 'xconn-go',
  version: '0.1.0',
  folder: 'xconn-go',
  needs: nexus.needs,
  commands: [['go', 'build', '-mod=readonly', '-gcflags=all=-N -l', '-ldflags=-s -w', '-o', 'client', '.']],
  start: ['./client'],
  serializers: ['json', 'msgpack', 'cbor'],
  methods: ['ticket', 'wampcra', 'anonymous'],
  headers: false
}

/** A client in Rust. */
export const wampAsync: Client = {
  name: 'wamp_async for Rust',
  version: '0.3.1',
  folder: 'wamp-async',
  needs: { program: 'cargo', args: ['--version'], install: 'install Rust 1.85 or later, and apt-get install libssl-dev pkg-config' },
  commands: [['cargo', 'build', '--locked', '--quiet']],
  start: ['target/debug/wamp-async-client'],
  serializers: ['json', 'msgpack'],
  methods: ['ticket', 'anonymous'],
  headers: true
}

/** A client in C++. */
export const autobahnCpp: Client = {
  name: 'autobahn-cpp',
  version: '17.5.1',
  folder: 'autobahn-cpp',
  needs: { program: 'g++', args: ['-M', '-x', 'c++', '-include', 'autobahn/autobahn.hpp', '/dev/null'], install: 'apt-get install g++ autobahn-cpp-dev' },
  // It was written for an older msgpack-c, whose API the current one has by option.
  commands: [['g++', '-std=c++14', '-w', '-O0', '-DMSGPACK_DEFAULT_API_VERSION=1', '-o', 'client', 'client.cpp', '-lboost_thread', '-lboost_system', '-lcrypto', '-lpthread']],
  start: ['./client'],
  serializers: ['msgpack'],
  methods: ['ticket', 'wampcra', 'anonymous'],
  headers: false
}

const java = {
  needs: { program: 'mvn', args: ['--version'], install: 'apt-get install default-jdk-headless maven' },
  commands: [
    ['mvn', '-q', '-B', 'dependency:copy-dependencies', '-DoutputDirectory=lib'],
    ['javac', '-nowarn', '-encoding', 'UTF-8', '-cp', 'lib/*', '-d', 'classes', 'Main.java']
  ],
  start: ['java', '-cp', 'classes:lib/*', 'Main']
}

/** A client in Java. */
export const autobahnJava: Client = {
  ...java,
  name: 'autobahn-java',
  version: '20.6.1',
  folder: 'autobahn-java',
  serializers: ['json', 'msgpack', 'cbor'],
  methods: ['ticket', 'wampcra', 'anonymous'],
  headers: false
}

const js = {
  folder: 'js',
  needs: { program: 'npm', args: ['--version'], install: 'install Node.js and npm' },
  commands: [['npm', 'install', '--no-audit', '--no-fund', '--ignore-scripts', '--legacy-peer-deps']]
}

const python = {
  folder: 'python',
  needs: { program: 'python3', args: ['-m', 'venv', '--help'], install: 'apt-get install python3-venv' },
  commands: [['python3', '-m', 'venv', 'venv'], ['venv/bin/python', '-m', 'pip', 'install', '--quiet', '-r', 'requirements.txt']]
}

/** The clients that `npm run interop` tries besides. */
export const others: readonly Client[] = [
  { ...java, name: 'jawampa', version: '0.5.0', folder: 'jawampa', serializers: ['json', 'msgpack'], methods: ['ticket', 'anonymous'], headers: true },
  { ...js, name: 'AutobahnJS 22', version: '22.11.1', start: ['node', 'autobahn.mjs', 'autobahn22'], serializers: ['json', 'msgpack', 'cbor'], methods: ['ticket', 'wampcra', 'anonymous', 'cookie'], headers: true },
  { ...js, name: 'AutobahnJS 26', version: '26.3.1', start: ['node', 'autobahn.mjs', 'autobahn26'], serializers: ['json', 'msgpack', 'cbor'], methods: ['ticket', 'wampcra', 'anonymous', 'cookie'], headers: true },
  { ...js, name: 'wampy for JavaScript', version: '8.0.2', start: ['node', 'wampy.mjs'], serializers: ['json', 'msgpack', 'cbor'], methods: ['ticket', 'anonymous', 'cookie'], headers: true },
  { ...js, name: 'thruway.js', version: '2.0.7', start: ['node', 'thruway.mjs'], serializers: ['json'], methods: ['ticket', 'anonymous'], headers: false, oneValueIn: ['result', 'event'] },
  { ...js, name: 'kraftfahrstrasse', version: '0.9.0', start: ['node', 'kraftfahrstrasse.mjs'], serializers: ['json', 'msgpack'], methods: ['ticket', 'anonymous', 'cookie'], headers: true },
  { ...python, name: 'Autobahn for Python', version: '26.10.2', start: ['venv/bin/python', 'with_autobahn.py'], serializers: ['json', 'msgpack', 'cbor'], methods: ['ticket', 'wampcra', 'anonymous'], headers: false },
  { ...python, name: 'xconn for Python', version: '0.5.1', start: ['venv/bin/python', 'with_xconn.py'], serializers: ['json', 'msgpack', 'cbor'], methods: ['ticket', 'wampcra', 'anonymous'], headers: false },
  { ...python, name: 'swampyer', version: '3.1.20260922', start: ['venv/bin/python', 'with_swampyer.py'], serializers: ['json', 'msgpack', 'cbor'], methods: ['ticket', 'anonymous'], headers: false, oneValueIn: ['result'] }
]
