--- `server.*`: the daemon itself.
local daemon = require('engine.daemon')
local display = require('lib.display')
local duration = require('lib.duration')
local lxc = require('engine.lxc')
local names = require('lib.names')
local rpc = require('lib.rpc')
local t = rpc.types

--- The daemon's facts, and what this host offers to containers. *async*
local function info()
  local told = daemon.info()
  local host = lxc.probe()
  if host then
    told.cgroup = host.cgroup_layout
    told.memoryController = host.memory_controller
    told.containers = host.works
  end
  return told
end

local function shutdown() daemon.shutdown() end

--- The order people want; what is not listed follows by name.
local FIRST = {
  'name', 'version', 'gitInfo', 'instance', 'dataDir', 'socket', 'pid', 'uptime', 'workers',
  'luajit', 'guard', 'cgroup', 'limits',
}

local function entry(key, value)
  if key == 'uptime' then return { key, duration.format(value) } end
  return { names.kebab(key), display.scalar(value) }
end

local function show_info(_params, result, out)
  local entries, seen = {}, {}
  local function add(key)
    if result[key] ~= nil and not seen[key] then
      entries[#entries + 1], seen[key] = entry(key, result[key]), true
    end
  end
  for _, key in ipairs(FIRST) do
    add(key)
  end
  for _, key in ipairs(names.sorted_keys(result)) do
    add(key)
  end
  out:block(entries)
end

return rpc.parent():with_about('about.server')
  :subcommand('info', rpc.from_fn_async(info)
    :with_result(t.object{ open = true, fields = { name = t.string, version = t.string } })
    :with_metadata('read_only', true)
    :with_display_serializable()
    :with_custom_display_fn(show_info)
    :with_about('about.server.info')
    :with_call_remote('CliContext'))
  :subcommand('shutdown', rpc.from_fn(shutdown)
    :with_result(t.null)
    :with_metadata('admin', true)
    :with_metadata('audit', true)
    :no_display()
    :with_about('about.server.shutdown')
    :with_call_remote('CliContext'))
