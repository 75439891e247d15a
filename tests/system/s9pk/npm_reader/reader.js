// The published TypeScript reader on packages of moonbox: reader.js DESCRIPTION PACKAGE [DESCRIPTION PACKAGE…]
// A description is what `moon-cli s9pk inspect --format json` says of the package.
'use strict'
const assert = require('assert')
const fs = require('fs')
const path = require('path')

const core = path.join(process.env.NODE_PATH,
  '@start9labs/start-sdk/node_modules/@start9labs/start-core')
const { S9pk } = require(path.join(core, 's9pk'))
const { blake3 } = require('@noble/hashes/blake3')

const hex = (bytes) => Buffer.from(bytes).toString('hex')

async function check(descriptionFile, packageFile) {
  const told = JSON.parse(fs.readFileSync(descriptionFile, 'utf8'))
  const s9pk = await S9pk.deserialize(new Blob([fs.readFileSync(packageFile)]), null)
  assert.deepStrictEqual(s9pk.manifest.id, told.manifest.id)
  assert.deepStrictEqual(s9pk.manifest, told.manifest)
  const pem = told.signer.replace(/-----[^\n]*\n?|\s/g, '')
  assert.strictEqual(hex(s9pk.archive.signer.pubkey), hex(Buffer.from(pem, 'base64').subarray(12)))
  let files = 0
  for (const entry of told.tree) {
    const seen = s9pk.archive.contents.getPath(entry.path.split('/'))
    assert(seen, entry.path)
    if (entry.type !== 'file') continue
    const content = Buffer.from(await seen.verifiedFileContents())
    assert.strictEqual(content.length, entry.size, entry.path)
    assert.strictEqual(hex(blake3(content)), entry.hash, entry.path)
    files += 1
  }
  assert((await s9pk.icon()).startsWith('data:image/'))
  assert((await s9pk.license()).length > 0)
  return files
}

async function main() {
  const names = process.argv.slice(2)
  for (let i = 0; i < names.length; i += 2) {
    console.log(`${names[i + 1]}: ${await check(names[i], names[i + 1])} files read`)
  }
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
