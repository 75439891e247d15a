// Writes questions about versions and, line by line, what the published library answers. What the
// two are known to see differently is not asked: docs/exver.md lists it.
const fs = require('fs')
const path = require('path')
const sdk = path.dirname(require.resolve('@start9labs/start-sdk/package.json'))
const { ExtendedVersion, VersionRange } = require(
  path.join(sdk, 'node_modules/@start9labs/start-core/exver'),
)

let seed = 20261121
const random = (n) => {
  seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
  return (seed >>> 16) % n
}
const pick = (list) => list[random(list.length)]

const numbers = (least) =>
  Array.from({ length: least + random(3) }, (_, i) => (i === 0 ? 1 + random(3) : random(4))).join('.')
const segment = () => (random(4) === 0 ? '-' + pick(['alpha', 'beta', 'rc', 'Beta']) : '')
const flavor = () => (random(4) === 0 ? `#${pick(['a', 'b'])}:` : '')
const version = () => `${flavor()}${numbers(1)}${segment()}:${numbers(1)}`
const anchor = () =>
  random(3) === 0
    ? `${pick(['^', '~', ''])}${flavor()}${numbers(3)}`
    : `${pick(['=', '!=', '>', '<', '>=', '<='])}${flavor()}${numbers(1)}${segment()}`
const leaf = () => (random(8) === 0 ? pick(['*', '!', '#a', '#b']) : anchor())
const range = (depth) => {
  if (depth === 0 || random(3) === 0) return random(6) === 0 ? `!(${leaf()})` : leaf()
  return `(${range(depth - 1)}) ${pick(['&&', '||', ''])} (${range(depth - 1)})`
}

const relation = { greater: 'greater', equal: 'equal', less: 'less' }
const ask = {
  compare: () => {
    const args = [version(), version()]
    const [a, b] = args.map((each) => ExtendedVersion.parse(each))
    return [args, relation[a.compare(b)] ?? null]
  },
  satisfies: () => {
    const args = [version(), range(2)]
    return [args, ExtendedVersion.parse(args[0]).satisfies(VersionRange.parse(args[1]))]
  },
  parse: () => {
    const text = range(3)
    return [['range', text], VersionRange.parse(text).toString()]
  },
  normalize: () => {
    const text = range(2)
    return [[text], VersionRange.parse(text).normalize().toString()]
  },
}

const questions = []
const answers = []
for (let round = 0; round < 700; round++) {
  for (const op of Object.keys(ask)) {
    const [args, answer] = ask[op]()
    questions.push(JSON.stringify({ op, args }))
    answers.push(JSON.stringify(answer))
  }
}
fs.writeFileSync(process.argv[2], questions.join('\n') + '\n')
fs.writeFileSync(process.argv[3], answers.join('\n') + '\n')
