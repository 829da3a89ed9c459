import neostandard from 'neostandard'

export default [
  ...neostandard({ ts: true, ignores: ['dist/', '.tap/', 'coverage/'] }),
  {
    files: ['plugin/**/*.ts', 'routes/**/*.ts', 'routes/**/*.js'],
    rules: {
      'no-console': 'error',
      'max-lines': ['error', 300],
      'max-lines-per-function': ['error', { max: 60, skipComments: true }]
    }
  }
]
