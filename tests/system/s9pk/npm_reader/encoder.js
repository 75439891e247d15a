// Writes packages with nothing of moonbox, from the description of the format: encoder.js FOLDER
// The libraries are those the published reader verifies with.
'use strict'
const fs = require('fs')
const path = require('path')
const { ed25519ph } = require('@noble/curves/ed25519')
const { blake3 } = require('@noble/hashes/blake3')

const u64 = (value) => {
  const out = Buffer.alloc(8)
  out.writeBigUInt64BE(BigInt(value))
  return out
}

const varint = (value) => {
  const out = []
  for (; value > 127; value = Math.floor(value / 128)) out.push((value % 128) | 128)
  return Buffer.from([...out, value])
}

const byName = ([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))

const row = ([name, node]) =>
  Buffer.concat([varint(Buffer.byteLength(name)), Buffer.from(name), node.hash, u64(node.size)])

// Hashes from the leaves up; then positions from the root down, each section after the last.
function measure(node) {
  if (Buffer.isBuffer(node.content)) {
    node.hash = Buffer.from(blake3(node.content))
    node.size = node.content.length
    return node
  }
  const rows = Object.entries(node.content).sort(byName)
  rows.forEach(([, child]) => measure(child))
  const listing = rows.map((entry) => Buffer.concat([row(entry), Buffer.from([0])]))
  node.hash = Buffer.from(blake3(Buffer.concat([varint(rows.length), ...listing])))
  node.tableSize = varint(rows.length).length
  for (const [name, child] of rows) {
    node.tableSize += row([name, child]).length + 1 + (child.tableSize === undefined ? 8 : 16)
  }
  node.size = node.tableSize
  return node
}

function encode(content, seed, { gap = 0, reversed = false } = {}) {
  const root = measure({ content })
  const sections = []
  let cursor = 155
  const place = (node) => {
    cursor += gap
    node.position = cursor
    cursor += node.tableSize === undefined ? node.size : node.tableSize
    sections.push(node)
  }
  place(root)
  for (let i = 0; i < sections.length; i++) {
    if (sections[i].tableSize === undefined) continue
    const children = Object.entries(sections[i].content).sort(byName).map(([, child]) => child)
    if (reversed) children.reverse()
    children.forEach(place)
  }
  const file = Buffer.alloc(cursor, 0xaa)
  for (const node of sections) {
    if (node.tableSize === undefined) {
      node.content.copy(file, node.position)
      continue
    }
    const rows = Object.entries(node.content).sort(byName)
    if (reversed) rows.reverse()
    const stored = rows.map(([name, child]) => Buffer.concat([row([name, child]),
      child.tableSize === undefined
        ? Buffer.concat([Buffer.from([1]), u64(child.position)])
        : Buffer.concat([Buffer.from([2]), u64(child.position), u64(child.tableSize)])]))
    Buffer.concat([varint(rows.length), ...stored]).copy(file, node.position)
  }
  const message = Buffer.concat([root.hash, u64(root.size)])
  const signature = ed25519ph.sign(message, seed, { context: Buffer.from('s9pk') })
  Buffer.concat([Buffer.from([0x3b, 0x3b, 2]), ed25519ph.getPublicKey(seed), signature, message,
    u64(root.position), u64(root.tableSize)]).copy(file)
  return file
}

const file = (text) => ({ content: Buffer.from(text) })
const folder = (content) => ({ content })

const manifest = {
  id: 'encoded', version: '1.2.3:0', title: 'Encoded', license: 'MIT', canMigrateTo: '!',
  canMigrateFrom: '*', description: { short: 'short', long: 'long' }, releaseNotes: 'first',
  upstreamRepo: 'https://example.com/up', packageRepo: 'https://example.com', volumes: ['main'],
  images: { main: { source: 'packed', arch: ['x86_64'] } }, dependencies: {},
  hardwareRequirements: { arch: ['x86_64'] },
}

const content = () => ({
  'manifest.json': file(JSON.stringify(manifest)),
  'icon.svg': file('<svg/>'),
  'LICENSE.md': file('MIT'),
  'instructions.md': file(''),
  'javascript.squashfs': { content: Buffer.alloc(300_000, 7) },
  'assets.squashfs': file('assets'),
  images: folder({
    x86_64: folder({
      'main.squashfs': { content: Buffer.alloc(1_500_001, 9) },
      'main.json': file('{}'),
      'main.env': file(''),
    }),
  }),
  'дом': folder({ 'é.txt': file('x'), empty: folder({}) }),
})

const out = process.argv[2]
const seed = Buffer.alloc(32, 5)
fs.writeFileSync(path.join(out, 'plain.s9pk'), encode(content(), seed))
fs.writeFileSync(path.join(out, 'gaps.s9pk'), encode(content(), seed, { gap: 11 }))
fs.writeFileSync(path.join(out, 'reversed.s9pk'), encode(content(), seed, { reversed: true }))
