--- Signing keys of package authors.
local crypto = require('engine.crypto')
local errc = require('engine.errc')
local file = require('engine.file')

local M = {}

--- The variable that may hold a private key. What is run does not get it.
M.VARIABLE = 'MOONBOX_SIGNING_KEY'

local WORKSPACE = '.startos/build-key'

--- Where an author's key lies unless it is named.
---@return string? path
---@return engine.Error? err
function M.default_path()
  local home = os.getenv('HOME')
  if home and home ~= '' then return home .. '/.moonbox/developer.key.pem' end
  return nil, errc.new('usage', 'HOME is not set', { hint = 'name a key file with --key FILE' })
end

--- Makes a key in a new file that only its owner reads. *async*
---@param path string
---@return string? public_pem
---@return engine.Error? err `filesystem` when there is a file already
---@async
function M.create(path)
  if file.exists(path) then
    return nil, errc.new('duplicate', ('%s exists already'):format(path),
      { hint = 'a key is never replaced; name another file' })
  end
  local folder = path:match('^(.*)/[^/]+$')
  if folder and folder ~= '' and not file.exists(folder) then
    local fine, err = file.mkdir(folder, 448)
    if not fine then return nil, err end
  end
  return crypto.keygen(path)
end

--- The key of the workspace one is in: of the current folder or the nearest one above.
local function workspace_key()
  local folder = os.getenv('PWD') or ''
  while folder ~= '' do
    local path = ('%s/%s'):format(folder, WORKSPACE)
    if file.exists(path) then return path end
    folder = folder:match('^(.*)/[^/]*$') or ''
  end
  return nil
end

--- The key to sign with: the one named, which must exist; for packages that of the workspace; or
--- the author's own, made on first use. *async*
---@param wanted? string
---@param for_package? boolean
---@return string? path
---@return boolean|engine.Error created Or the error
---@async
function M.for_signing(wanted, for_package)
  if wanted and file.exists(wanted) then return wanted, false end
  if wanted then
    return nil, errc.new('not_found', ('there is no key file %s'):format(wanted),
      { hint = ('make one with: moon-cli s9pk keygen %s'):format(wanted) })
  end
  local workspace = for_package and workspace_key()
  if workspace then return workspace, false end
  local path, err = M.default_path()
  if not path then return nil, err end
  if file.exists(path) then return path, false end
  local public, wrong = M.create(path)
  if not public then return nil, wrong end
  return path, true
end

return M
