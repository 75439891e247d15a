--- Who signs: a key file, a key in the environment, or a command. Whatever needs a signature of an
--- author asks here.
---
--- A signing command gets what is to be signed on standard input and prints two PEM blocks, the
--- public key and the signature (Ed25519ph); the context is in MOONBOX_SIGNING_CONTEXT: "s9pk" for
--- packages, the name of the server for requests to it. `moon-cli s9pk sign` is one:
---
---     moon-cli s9pk pack my-app --sign-command 'ssh vault moon-cli s9pk sign'
local archive = require('engine.archive')
local crypto = require('engine.crypto')
local duration = require('lib.duration')
local errc = require('engine.errc')
local file = require('engine.file')
local keys = require('core.s9pk.keys')
local process = require('engine.process')
local rpc = require('lib.rpc')
local u64 = require('lib.u64')
local t = rpc.types

local M = {}

local COMMAND_VARIABLE, CONTEXT_VARIABLE = 'MOONBOX_SIGNING_COMMAND', 'MOONBOX_SIGNING_CONTEXT'
--- The context of what signs packages.
M.CONTEXT = 's9pk'

-- Bytes of what is signed: the commitment of a package, that of a request.
local PACKAGE_SIZE, REQUEST_SIZE = 40, 56

---@class core.s9pk.Signer
---@field key? engine.crypto.Key
---@field command? string
---@field source? string Where the command was named
---@field timeout? number Seconds the command may take
---@field created boolean A key was made on this occasion

--- The parameters of commands that sign.
M.PARAMS = {
  key = t.optional(t.path{ help = 'help.arg.key-file' }),
  signCommand = t.optional(t.string{ help = 'help.arg.sign-command' }),
  signTimeout = t.duration{ default = '10m', min = 1, help = 'help.arg.sign-timeout' },
}

local function variable(name)
  local value = os.getenv(name)
  return value ~= '' and value or nil
end

local function from_environment(params)
  local pem, command = variable(keys.VARIABLE), variable(COMMAND_VARIABLE)
  if pem then return { key = { pem = pem }, created = false } end
  if not command then return nil end
  return { command = command, source = COMMAND_VARIABLE, timeout = params.signTimeout,
    created = false }
end

local function from_file(params, for_package)
  local path, created = keys.for_signing(params.key, for_package)
  if not path then return nil, created end
  return { key = { path = path }, created = created }
end

--- What the options and the environment say, or else the workspace's key for packages and the
--- author's own, made on first use. *async*
---@param params {key: string?, signCommand: string?, signTimeout: number?}
---@param for_package? boolean A package is signed, not what its author says of it
---@return core.s9pk.Signer? signer
---@return engine.Error? err `usage`, `not_found`
---@async
function M.choose(params, for_package)
  if params.key and params.signCommand then
    return nil, errc.new('usage', '--key and --sign-command exclude each other')
  end
  if params.signCommand then
    return { command = params.signCommand, source = '--sign-command', timeout = params.signTimeout,
      created = false }
  end
  local found = not params.key and from_environment(params)
  if found then return found end
  return from_file(params, for_package)
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

-- The command itself is not repeated: people write secrets into commands.
local function command_failed(signer, what)
  return nil, errc.new('pack', ('the signing command (%s) %s'):format(signer.source, what))
end

local function printed(signer, done)
  local said = done.err:gsub('%s+$', '')
  if done.code ~= 0 then
    return command_failed(signer, ('ended with status %d%s'):format(done.code,
      said ~= '' and ': ' .. said or ' and no message'))
  end
  local public, signature = pem_block(done.out, 'PUBLIC KEY'), pem_block(done.out, 'SIGNATURE')
  if public and signature then return { publicKey = public, signature = signature } end
  return command_failed(signer, 'printed no PUBLIC KEY and SIGNATURE in PEM')
end

local function run_command(signer, context, message)
  local done, err = process.run({ '/bin/sh', '-c', signer.command }, { stdin = message,
    timeout = signer.timeout, env = { [keys.VARIABLE] = false, [CONTEXT_VARIABLE] = context } })
  if not done and err.code == 'timeout' then
    return command_failed(signer, ('did not end within %s; --sign-timeout gives it longer')
      :format(duration.format(signer.timeout)))
  end
  if not done then return nil, err end
  local made, wrong = printed(signer, done)
  if not made then return nil, wrong end
  if crypto.verify(made.publicKey, context, message, made.signature) then return made end
  return command_failed(signer, 'printed a signature that is not one of what it was given')
end

---@class core.s9pk.Signature Both are PEM
---@field publicKey string
---@field signature string

--- Signs `message`. *async*
---@param signer core.s9pk.Signer
---@param context string
---@param message string
---@return core.s9pk.Signature? made
---@return engine.Error? err `pack`, `pem`, `permission_denied`
---@async
function M.sign(signer, context, message)
  if signer.command then return run_command(signer, context, message) end
  local signature, public = crypto.sign(signer.key, context, message)
  if not signature then return nil, public end
  return { publicKey = public, signature = signature }
end

local function seal(signer, output, commitment)
  local made, err = M.sign(signer, M.CONTEXT, M.message(commitment))
  if not made then return nil, err end
  return archive.seal(output, made.publicKey, made.signature)
end

--- Writes and signs a package. `opts.output` must not be a file anybody uses yet. *async*
---@param signer core.s9pk.Signer
---@param opts engine.archive.WriteOptions
---@return engine.archive.Commitment? commitment
---@return engine.Error? err
---@async
function M.write(signer, opts)
  local commitment, err = archive.write(opts)
  if not commitment then return nil, err end
  local sealed, wrong = seal(signer, opts.output, commitment)
  if sealed then return commitment end
  file.discard(opts.output)
  return nil, wrong
end

--- Tells people what became of a package that was signed: a key made on the occasion, and what
--- verifying it found worth a warning.
---@param result {keyCreated: boolean?, key: string?, warnings: string[]?}
---@param out lib.cli.Out
function M.show(result, out)
  if result.keyCreated then
    out:line(('a signing key was made for you: %s (keep it safe)'):format(result.key))
  end
  for _, warning in ipairs(result.warnings or {}) do
    out:line('warning: ' .. warning)
  end
end

--- `moon-cli s9pk sign`: the other end of a signing command, so it signs with a key. *async*
---@param text string Standard input
---@param params {key: string?, context: string?}
---@return core.s9pk.Signature? made
---@return engine.Error? err
---@async
function M.answer(text, params)
  local context = params.context or variable(CONTEXT_VARIABLE) or M.CONTEXT
  local size = context == M.CONTEXT and PACKAGE_SIZE or REQUEST_SIZE
  if #text ~= size then
    return nil, errc.new('usage', ('%d bytes on standard input; what is signed for %s has %d')
      :format(#text, context, size))
  end
  local pem = not params.key and variable(keys.VARIABLE)
  local signer, err
  if pem then
    signer = { key = { pem = pem } }
  else
    signer, err = from_file(params, context == M.CONTEXT)
  end
  if not signer then return nil, err end
  return M.sign(signer, context, text)
end

return M
