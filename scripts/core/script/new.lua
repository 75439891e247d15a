--- `moon-cli script init`, `script new handler NAME`, `script new middleware NAME`.
local command = require('core.command')
local errc = require('engine.errc')
local file = require('engine.file')
local files = require('core.script.files')
local json = require('engine.json')
local rpc = require('lib.rpc')
local templates = require('core.script.templates')
local t = rpc.types

local MOST_SEGMENTS = 6

local function check_name(name, dotted)
  local count = 0
  for segment in (name .. '.'):gmatch('([^.]*)%.') do
    count = count + 1
    if not segment:find('^%l[%l%d-]*$') or segment:sub(-1) == '-' then
      return nil, errc.new('usage', ("'%s' is no name"):format(name),
        { hint = 'a-z, 0-9 and -, beginning with a letter'
          .. (dotted and '; groups are joined by dots: garden.water' or '') })
    end
  end
  if count > (dotted and MOST_SEGMENTS or 1) then
    return nil, errc.new('usage', ("'%s' has too many parts"):format(name))
  end
  return true
end

--- Every node the CLI's and the daemon's tree have: `garden`, `garden.water`.
local function known_nodes()
  local known = {}
  local function walk(group, path)
    for _, child in ipairs(group.children or {}) do
      local name = path == '' and child.name or path .. '.' .. child.name
      known[name] = known[name] or child.node
      walk(child.node, name)
    end
  end
  walk(require('core'), '')
  return known
end

local function is_group(node) return node.children ~= nil end

--- Groups on the way that are not there yet; or what stands in the way.
local function missing_groups(method, known)
  local missing, path = {}, ''
  for segment in method:gmatch('([^.]+)%.') do
    path = path == '' and segment or path .. '.' .. segment
    if known[path] and not is_group(known[path]) then
      return nil, errc.new('duplicate', ("'%s' is a method, not a group"):format(path),
        { hint = 'take another name' })
    end
    if not known[path] then missing[#missing + 1] = path end
  end
  return missing
end

local function is_settled(folders, list)
  for _, each in ipairs(list) do
    if not file.exists(folders.overlay .. '/' .. each.name) then return false end
  end
  return true
end

local function handler_files(method, kind, folders)
  local known = known_nodes()
  local there = known[method]
  if there then
    return nil, errc.new('duplicate', ("there is '%s' already, in %s"):format(method,
      there.at.file), { hint = 'to change a shipped handler copy its file into the overlay' })
  end
  local groups, wrong = missing_groups(method, known)
  if not groups then return nil, wrong end
  local list = templates.handler(method, kind)
  for _, group in ipairs(groups) do
    local more = templates.group(group)
    if not is_settled(folders, more) then
      for _, each in ipairs(more) do
        list[#list + 1] = each
      end
    end
  end
  return list
end

local function finish(folders, list, more)
  local written, failure = files.write_new(folders.overlay, list)
  if not written then return nil, failure end
  local luarc = files.settle(folders)
  if luarc then written[#written + 1] = luarc end
  more.folder, more.files = folders.overlay, written
  return more
end

local function new_handler(call, params)
  local fine, err = check_name(params.name, true)
  if not fine then return nil, err end
  local folders, wrong = files.folders(call)
  if not folders then return nil, wrong end
  local list, problem = handler_files(params.name, params.kind, folders)
  if not list then return nil, problem end
  return finish(folders, list, { method = params.name })
end

local function new_middleware(call, params)
  local fine, err = check_name(params.name, false)
  if not fine then return nil, err end
  local folders, wrong = files.folders(call)
  if not folders then return nil, wrong end
  return finish(folders, templates.middleware(params.name), { middleware = params.name })
end

local function init(call)
  local folders, err = files.folders(call)
  if not folders then return nil, err end
  local luarc, wrong = files.settle(folders)
  if wrong then return nil, wrong end
  return { folder = folders.overlay, files = json.array({ luarc }) }
end

local function show_files(made, out)
  for _, path in ipairs(made.files) do
    out:line('wrote ' .. path)
  end
end

local function show_handler(_params, made, out)
  show_files(made, out)
  out:line('')
  out:line('next:')
  for _, step in ipairs({
    { 'script check', 'what is wrong, with file and line' },
    { 'script test', 'runs the spec, without a daemon' },
    { made.method:gsub('%.', ' ') .. ' World', 'live: a running daemon has loaded it by now' },
  }) do
    out:line(('  %s %-16s  %s'):format(out.program, step[1], step[2]))
  end
end

local function show_middleware(_params, made, out)
  show_files(made, out)
  out:line('')
  out:line(('next: %s script check && %s script test; then mark a method with '
    .. "with_metadata('%s_open', false)"):format(out.program, out.program,
    (made.middleware:gsub('-', '_'))))
end

local function show_init(_params, made, out)
  show_files(made, out)
  out:line(('your scripts live in %s; next: %s script new handler NAME')
    :format(made.folder, out.program))
end

local M = {}

M.init = command(init, {}, show_init, 'about.script.init')

M.new = rpc.parent():with_about('about.script.new')
  :with_context('CliContext')
  :subcommand('handler', command(new_handler, {
    name = t.string{ positional = true, help = 'help.arg.handler-name' },
    kind = t.enum{ 'fn', 'async', 'async_local', 'blocking', default = 'async',
      help = 'help.arg.handler-kind' },
  }, show_handler, 'about.script.new.handler')
    :with_examples('script new handler greet', 'script new handler garden.water --kind blocking'))
  :subcommand('middleware', command(new_middleware, {
    name = t.string{ positional = true, help = 'help.arg.middleware-name' },
  }, show_middleware, 'about.script.new.middleware')
    :with_examples('script new middleware quota'))

return M
