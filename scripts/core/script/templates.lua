--- Text of new files. What comes out passes `script check` and `script test` as it is.
local M = {}

local function fill(text, words)
  return (text:gsub('%${([%w_]+)}', function(name) return words[name] end))
end

local NOTES = {
  fn = 'Runs at once on the connection\'s thread and may not wait.',
  async = 'May wait: engine calls marked async give way to other calls.',
  async_local = 'Runs on the control loop, which is one for all connections; may wait.',
  blocking = 'Runs on a thread of a pool, for work that keeps a processor busy.',
}

local HANDLER = [[
--- `${method}`. Save this file and the next call runs it.
local rpc = require('lib.rpc')
local t = rpc.types

-- ${note}
local function ${fn}(_call, params)
  return { greeting = ('Hello, %s!'):format(params.name) }
end

return rpc.${maker}(${fn})
  :with_params({ name = t.string{ positional = true, help = '${help}' } })
  :with_result(t.object{ fields = { greeting = t.string } })
  :with_metadata('read_only', true)
  :with_display_serializable()
  :with_about('${about}')
  :with_call_remote('CliContext')
]]

local HANDLER_SPEC = [[
describe('${method}', function()
  it('greets whoever is named', function()
    expect(call('${method}', { name = 'World' })):equals({ greeting = 'Hello, World!' })
  end)

  it('wants a name', function()
    local _, err = call('${method}', {})
    expect(err.code):equals('invalid_params')
  end)

  it('is closed to other users of the machine', function()
    local _, err = call('${method}', { name = 'World' }, { as = 1000 })
    expect(err.code):equals('authorization')
  end)
end)
]]

local LOCALE_HEAD = [[
--- Texts of `${name}`. en_US stands in for the locales you leave out.
return {
  en_US = {
]]

local GROUP = [[
--- The group `${method}`: its subcommands are the files beside this one.
local rpc = require('lib.rpc')

return rpc.parent():with_about('${about}')
]]

local MIDDLEWARE = [[
--- Middleware `${name}`: refuses methods marked `:with_metadata('${key}', false)`.
---
--- Methods that do not ask for it pay nothing: `applies` is asked once, when scripts are loaded.
local M = {}

M.name = '${name}'

--- The metadata this middleware reads; another key is a load error.
M.keys = { ${key} = { type = 'boolean', default = true } }

function M.applies(metadata) return metadata.${key} == false end

--- Before the handler; an answer ends the call.
function M.request(_call, _params, _metadata, method)
  return { error = { code = 'authorization', message = method.method .. ' is closed',
    hint = 'middleware ${name} says so' } }
end

return M
]]

local MIDDLEWARE_SPEC = [[
local middleware = require('extensions.middleware.${module}')

describe('middleware ${name}', function()
  it('applies to what is marked', function()
    expect(middleware.applies({ ${key} = false })):is_true()
    expect(middleware.applies({ ${key} = true })):is_false()
  end)

  it('refuses', function()
    local answer = middleware.request({}, {}, {}, { method = 'echo' })
    expect(answer.error.code):equals('authorization')
  end)

  it('lets others through', function()
    expect(call('echo', { message = 'hi' })):equals('hi')
  end)
end)
]]

local function underscored(text) return (text:gsub('-', '_')) end

local function locale(name, entries)
  local lines = { fill(LOCALE_HEAD, { name = name }) }
  for _, entry in ipairs(entries) do
    lines[#lines + 1] = ("    ['%s'] = '%s',\n"):format(entry[1], entry[2])
  end
  lines[#lines + 1] = '  },\n}\n'
  return table.concat(lines)
end

local function place(method) return underscored(method:gsub('%.', '/')) end

--- A name that is no keyword of Lua.
local function function_name(segment)
  local name = underscored(segment)
  return load('local ' .. name) and name or 'run_' .. name
end

--- The files of a method.
---@param method string `garden.water`
---@param kind 'fn'|'async'|'async_local'|'blocking'
---@return {name: string, text: string}[]
function M.handler(method, kind)
  local words = {
    method = method, note = NOTES[kind], fn = function_name(method:match('[^.]+$')),
    maker = kind == 'fn' and 'from_fn' or 'from_fn_' .. kind,
    about = 'about.' .. method, help = ('help.%s.name'):format(method),
  }
  local base = 'extensions/handlers/' .. place(method)
  return {
    { name = ('extensions/locales/%s.lua'):format(underscored(method:gsub('%.', '_'))),
      text = locale(method, {
        { words.about, ('Greet somebody (%s)'):format(method) },
        { words.help, 'Whom to greet' },
      }) },
    { name = base .. '.lua', text = fill(HANDLER, words) },
    { name = base .. '_spec.lua', text = fill(HANDLER_SPEC, words) },
  }
end

--- The files of a group.
---@param method string `garden`
---@return {name: string, text: string}[]
function M.group(method)
  local words = { method = method, about = 'about.' .. method }
  return {
    { name = ('extensions/locales/%s_group.lua'):format(underscored(method:gsub('%.', '_'))),
      text = locale(method, { { words.about, ('Commands of %s'):format(method) } }) },
    { name = ('extensions/handlers/%s/init.lua'):format(place(method)), text = fill(GROUP, words) },
  }
end

--- The files of a middleware.
---@param name string
---@return {name: string, text: string}[]
function M.middleware(name)
  local module = underscored(name)
  local words = { name = name, module = module, key = module .. '_open' }
  local base = 'extensions/middleware/' .. module
  return {
    { name = base .. '.lua', text = fill(MIDDLEWARE, words) },
    { name = base .. '_spec.lua', text = fill(MIDDLEWARE_SPEC, words) },
  }
end

return M
