--- Package files as commands name them.
local archive = require('engine.archive')
local display = require('lib.display')
local errc = require('engine.errc')

local M = {}

local BAR = 24

--- Whether a name is the address of a package on a web server.
---@param name string
---@return boolean
function M.is_url(name) return name:find('^[hH][tT][tT][pP][sS]?://') ~= nil end

--- Opens a package. *async*
---@param name string A path, or a URL
---@param opts? engine.archive.OpenOptions
---@return engine.archive.Package? package
---@return engine.Error? err
---@async
function M.open(name, opts)
  if M.is_url(name) then return archive.open_url(name, opts) end
  return archive.open(name, opts)
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

---@param message string
---@param hint? string
---@return nil
---@return engine.Error err
function M.usage(message, hint) return nil, errc.new('usage', message, { hint = hint }) end

return M
