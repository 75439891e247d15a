--- Callers of every sort, and methods behind the real middleware.
local connection = require('engine.connection')
local crypto = require('engine.crypto')
local file = require('engine.file')
local form = require('lib.form')
local keys = require('middleware.auth.keys')
local rpc = require('lib.rpc')
local server = require('lib.rpc.server')
local sessions = require('middleware.auth.sessions')
local signature = require('middleware.auth.signature')
local state = require('engine.state')
local store = require('engine.store')
local t = rpc.types

local M = {}

--- Connections the runner of the specs has made.
M.TLS, M.WEBSOCKET = 1, 2

M.CHAIN = {
  require('middleware.cors'), require('middleware.session_cookie'), require('middleware.auth'),
  require('middleware.user_agent'), require('middleware.device_info'), require('middleware.audit'),
  require('middleware.sync_db'),
}

--- The runner of a method with this metadata.
function M.runner(metadata, fn)
  local leaf = rpc.from_fn(fn or function() return 'done' end)
    :with_params({ text = t.optional(t.string) })
  for key, value in pairs(metadata) do
    leaf:with_metadata(key, value)
  end
  local root = rpc.parent():with_context('RpcContext'):with_middleware('RpcContext', M.CHAIN)
    :subcommand('m', leaf)
  return server.load(root, 'RpcContext').runners.m
end

--- Begins anew: an empty store, nobody logged in, nothing tried.
function M.reset()
  store.document, store.revision = { public = {}, private = {} }, 7
  for _, name in ipairs(state.names()) do
    state.set(name, nil)
  end
  for _, id in ipairs({ M.TLS, M.WEBSOCKET }) do
    connection.put(id, 'session', nil)
    connection.put(id, 'signer', nil)
  end
end

local function plain(more)
  local call = { ctx = { name = 'RpcContext' } }
  for key, value in pairs(more or {}) do
    call[key] = value
  end
  return call
end

function M.peer(uid)
  return plain({ transport = 'unix', peer = { uid = uid, gid = 0, pid = 9 }, connection = 900 })
end

local last_request = 0

--- A call over HTTP with these headers.
function M.http(headers, more)
  last_request = last_request + 1
  local call = plain({ transport = 'http', address = '127.0.0.1:4711', connection = 901 })
  call.http = { id = last_request, method = 'POST', path = '/rpc/v1', headers = headers or {},
    secure = false }
  for key, value in pairs(more or {}) do
    call[key] = value
  end
  return call
end

function M.tls()
  return plain({ transport = 'tls', address = '127.0.0.1:4711', connection = M.TLS })
end

function M.cookie() return M.http({ cookie = 'local=secret' }) end

function M.logged_in(ephemeral)
  local session = assert(sessions.create({ ephemeral = ephemeral }))
  return M.http({ cookie = 'session=' .. session.token }), session
end

--- A file with a private key, made once, and its public key.
local signer
function M.signer()
  if signer then return signer end
  local path = ('/tmp/moonbox-spec-%s.pem'):format(crypto.guid())
  local public = assert(crypto.keygen(path))
  signer = { path = path, public = public }
  return signer
end

function M.forget_signer()
  if signer then file.remove(signer.path) end
  signer = nil
end

local function be64(number)
  local bytes = {}
  for i = 8, 1, -1 do
    bytes[i], number = string.char(number % 256), math.floor(number / 256)
  end
  return table.concat(bytes)
end

--- The header a client sends with a body; `change` falsifies what is said.
function M.sign(body, change)
  change = change or {}
  local nonce = change.nonce or math.random(1, 2 ^ 50)
  local time = change.timestamp or signature.now()
  local digest = crypto.from_hex(crypto.blake3(change.body or body))
  local message = be64(time) .. be64(nonce) .. be64(#body) .. digest
  local context = change.context or 'box'
  return form.encode({ timestamp = ('%d'):format(time), nonce = ('%.0f'):format(nonce),
    size = tostring(#body), blake3 = crypto.to_base64(digest, false), signer = M.signer().public,
    signature = (assert(crypto.sign({ path = M.signer().path }, context, message))) })
end

--- A signed call. The key is accepted here already, unless `change.unknown`.
function M.signed(change)
  change = change or {}
  if not change.unknown and not keys.find(M.signer().public) then
    assert(keys.add(M.signer().public, { name = 'me', admin = change.admin == true }))
  end
  local body = '{"method":"m"}'
  local call = M.http({ ['x-startos-auth-sig'] = change.header or M.sign(body, change) })
  call.http.body_size, call.http.body_blake3 = #body, crypto.blake3(body)
  return call
end

return M
