--- Programs of the packer's machine that build images.
local copy = require('lib.copy')
local crypto = require('engine.crypto')
local errc = require('engine.errc')
local file = require('engine.file')
local keys = require('core.s9pk.keys')
local process = require('engine.process')

local M = {}

-- Seconds; a build may compile things.
local TIMEOUT = 3600
local LAST_LINES = 12

--- The end of what a program said, where the reason usually stands.
local function last_lines(text)
  local lines = {}
  for line in text:gmatch('[^\n]+') do
    lines[#lines + 1] = line
  end
  return table.concat(lines, '\n', math.max(1, #lines - LAST_LINES + 1))
end

--- What a program may know: all but the key.
---@param changes? table<string, string|false>
---@return table<string, string|false>
function M.environment(changes)
  return copy.merged({ [keys.VARIABLE] = false }, changes)
end

---@class core.s9pk.image.ToolOptions
---@field env? table<string, string|false>
---@field cwd? string
---@field package? string The Debian package of the program, named when it is not installed

--- Runs a program to its end; a failure carries the last lines it wrote. *async*
---@param what string What it is for, as in 'reading base.tar'
---@param argv string[]
---@param opts? core.s9pk.image.ToolOptions
---@return string? out Standard output
---@return engine.Error? err `pack`
---@async
function M.run(what, argv, opts)
  opts = opts or {}
  local done, err = process.run(argv,
    { timeout = TIMEOUT, env = M.environment(opts.env), cwd = opts.cwd })
  if not done then
    if err.code ~= 'not_found' then return nil, err end
    return nil, errc.new('pack',
      ('%s needs the program %s, which is not installed'):format(what, argv[1]),
      { hint = opts.package and 'apt-get install ' .. opts.package or nil })
  end
  if done.code == 0 then return done.out end
  local said = last_lines(done.err ~= '' and done.err or done.out)
  return nil, errc.new('pack', ('%s: %s ended with %d%s'):format(what, argv[1], done.code,
    said ~= '' and '\n' .. said or ''))
end

--- A path of a recipe: relative ones lie in the package's folder.
---@param directory string
---@param path string
---@return string
function M.in_package(directory, path)
  return path:sub(1, 1) == '/' and path or directory .. '/' .. path
end

--- This machine's architecture as packages spell it. *async*
---@return string? arch
---@return engine.Error? err `pack`
---@async
function M.machine()
  local name, err = M.run('looking for the architecture', { 'uname', '-m' })
  if not name then return nil, err end
  return (name:gsub('%s+$', ''))
end

--- Calls `fn` with a new folder that goes away with all it holds; gives what it gives. *async*
---@generic T
---@param fn fun(work: string): T?, engine.Error?
---@return T? result
---@return engine.Error? err
---@async
function M.in_work_folder(fn)
  local root = os.getenv('TMPDIR')
  local work = ('%s/moonbox-pack-%s'):format(root and root ~= '' and root or '/tmp', crypto.guid())
  local made, err = file.mkdir(work, 448)
  if not made then return nil, err end
  local fine, result, failure = pcall(fn, work)
  file.discard(work)
  if not fine then error(result, 0) end
  return result, failure
end

--- Whether owners can be kept. *async*
---@return boolean
---@async
function M.is_root() return M.run('looking for the user', { 'id', '-u' }) == '0\n' end

return M
