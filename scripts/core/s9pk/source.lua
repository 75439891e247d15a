--- Package files as commands name them.
local archive = require('engine.archive')
local display = require('lib.display')
local errc = require('engine.errc')
local rpc = require('lib.rpc')
local t = rpc.types

local M = {}

local BAR = 24

--- Whether a name is the address of a package on a web server.
---@param name string
---@return boolean
function M.is_url(name) return name:find('^[hH][tT][tT][pP][sS]?://') ~= nil end

--- The parameters of commands that read packages from web servers.
M.PARAMS = {
  cacert = t.optional(t.path{ help = 'help.arg.cacert' }),
  timeout = t.duration{ default = '30s', min = 1, help = 'help.arg.server-timeout' },
}

--- A name as it may be shown: without the password a URL may hold.
---@param name string
---@return string
function M.shown(name)
  return (name:gsub('^(%w+://)[^/?#]*@', '%1***@'))
end

--- An address without the name and password it may hold.
---@param url string
---@return string
function M.without_login(url)
  return (url:gsub('^(%w+://)[^/?#]*@', '%1'))
end

--- Opens a package. *async*
---@param name string A path, or a URL
---@param params? {cacert: string?, timeout: number?}
---@param commitment? string|engine.archive.Commitment What the package must be
---@return engine.archive.Package? package
---@return engine.Error? err
---@async
function M.open(name, params, commitment)
  if not M.is_url(name) then return archive.open(name, { commitment = commitment }) end
  params = params or {}
  return archive.open_url(name,
    { commitment = commitment, cacert = params.cacert, timeout = params.timeout })
end

--- A bar for work on many bytes, on the terminal if there is one.
---@param call table
---@param title string
---@return fun(done: integer, total: integer)
function M.progress(call, title)
  return function(done, total)
    call.ctx.progress(('%s %s  %s'):format(title, display.bar(total > 0 and done / total or 1, BAR),
      display.bytes(done)))
  end
end

-- What says something about the package itself; any other failure is one of reading it.
local VERDICTS = { parse_s9pk = true, validate_s9pk = true, invalid_signature = true }

--- Whether an error means that the package is bad, not that it could not be looked at.
---@param err engine.Error
---@return boolean
function M.is_verdict(err)
  return VERDICTS[err.code] or err.code == 'network' or err.code == 'timeout'
end

--- The error, with the name of the package it is about, for commands that read several.
---@param name string
---@param err engine.Error
---@return engine.Error
function M.about(name, err)
  if not VERDICTS[err.code] then return err end
  return errc.new(err.code, ('%s: %s'):format(M.shown(name), err.message),
    { hint = err.hint, details = err.details })
end

---@param message string
---@param hint? string
---@return nil
---@return engine.Error err
function M.usage(message, hint) return nil, errc.new('usage', message, { hint = hint }) end

return M
