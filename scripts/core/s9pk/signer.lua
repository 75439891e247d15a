--- Who signs a package that is written: a key file, a key in the environment, or a command.
---
--- A signing command gets the 40 bytes to sign on standard input and prints two PEM blocks, the
--- public key and the signature (Ed25519ph, context "s9pk"). `moon-cli s9pk sign` is one:
---
---     moon-cli s9pk pack my-app --sign-command 'ssh vault moon-cli s9pk sign'
local archive = require('engine.archive')
local crypto = require('engine.crypto')
local errc = require('engine.errc')
local file = require('engine.file')
local keys = require('core.s9pk.keys')
local process = require('engine.process')
local rpc = require('lib.rpc')
local u64 = require('lib.u64')
local t = rpc.types

local M = {}

local KEY_VARIABLE, COMMAND_VARIABLE = 'MOONBOX_SIGNING_KEY', 'MOONBOX_SIGNING_COMMAND'
local CONTEXT = 's9pk'

---@class core.s9pk.Signer
---@field path? string Key file
---@field pem? string The key itself
---@field command? string
---@field created boolean A key was made on this occasion

--- The parameters of commands that sign.
M.PARAMS = {
  key = t.optional(t.path{ help = 'help.arg.key-file' }),
  signCommand = t.optional(t.string{ help = 'help.arg.sign-command' }),
}

local function variable(name)
  local value = os.getenv(name)
  return value ~= '' and value or nil
end

--- What the options and the environment say, or else the author's own key, made on first use.
--- *async*
---@param params {key: string?, signCommand: string?}
---@return core.s9pk.Signer? signer
---@return engine.Error? err `usage`, `not_found`
---@async
function M.choose(params)
  if params.key and params.signCommand then
    return nil, errc.new('usage', '--key and --sign-command exclude each other')
  end
  if params.signCommand then return { command = params.signCommand, created = false } end
  if not params.key then
    local pem, command = variable(KEY_VARIABLE), variable(COMMAND_VARIABLE)
    if pem then return { pem = pem, created = false } end
    if command then return { command = command, created = false } end
  end
  local path, created = keys.for_signing(params.key)
  if not path then return nil, created end
  return { path = path, created = created }
end

--- What a signature of a package covers.
---@param commitment engine.archive.Commitment
---@return string bytes
function M.message(commitment)
  return crypto.from_hex(commitment.rootSighashHex)
    .. u64.bytes(('%.0f'):format(commitment.rootMaxsize))
end

local function pem_block(text, label)
  return text:match(('(%%-%%-%%-%%-%%-BEGIN %s%%-%%-%%-%%-%%-.-END %s%%-%%-%%-%%-%%-\n?)')
    :format(label, label))
end

local function run_command(command, commitment)
  local done, err = process.run({ '/bin/sh', '-c', command },
    { stdin = M.message(commitment), timeout = 600 })
  if not done then return nil, err end
  if done.code ~= 0 then
    return nil, errc.new('pack', ('the signing command ended with status %d: %s'):format(done.code,
      (done.err:gsub('%s+$', ''))), { hint = command })
  end
  local public, signature = pem_block(done.out, 'PUBLIC KEY'), pem_block(done.out, 'SIGNATURE')
  if public and signature then return { public = public, signature = signature } end
  return nil, errc.new('pack', 'the signing command printed no PUBLIC KEY and SIGNATURE in PEM',
    { hint = command })
end

local function seal(signer, output, commitment)
  local made, err = run_command(signer.command, commitment)
  if not made then return nil, err end
  return archive.seal(output, made.public, made.signature)
end

--- Writes and signs a package. `opts.output` must not be a file anybody uses yet. *async*
---@param signer core.s9pk.Signer
---@param opts engine.archive.WriteOptions Without a key
---@return engine.archive.Commitment? commitment
---@return engine.Error? err
---@async
function M.write(signer, opts)
  opts.key, opts.key_pem = signer.path, signer.pem
  local commitment, err = archive.write(opts)
  if not commitment or not signer.command then return commitment, err end
  local sealed, wrong = seal(signer, opts.output, commitment)
  if sealed then return commitment end
  file.remove(opts.output)
  return nil, wrong
end

--- `moon-cli s9pk sign`: the other end of a signing command. *async*
---@param text string Standard input
---@param key? string
---@return {publicKey: string, signature: string}? made
---@return engine.Error? err
---@async
function M.sign(text, key)
  if #text ~= 40 then
    return nil, errc.new('usage',
      ('%d bytes on standard input, not the 40 of a package'):format(#text))
  end
  local path, err = keys.for_signing(key)
  if not path then return nil, err end
  local public, wrong = crypto.public_key(path)
  if not public then return nil, wrong end
  local signature, failure = crypto.sign(path, CONTEXT, text)
  if not signature then return nil, failure end
  return { publicKey = public, signature = signature }
end

return M
