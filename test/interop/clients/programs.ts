import type { Client } from './client.ts'

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
