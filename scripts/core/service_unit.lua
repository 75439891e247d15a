--- `daemon install` and `daemon uninstall`: the unit with which systemd runs the daemon. What is
--- typed next is told; nothing is started or enabled from here.
local command = require('core.command')
local control = require('engine.daemon_control')
local copy = require('lib.copy')
local file = require('engine.file')
local rpc = require('lib.rpc')
local t = rpc.types

local M = {}

local UNIT = [[
[Unit]
Description=moonbox (%s)
After=network.target
StartLimitIntervalSec=60
StartLimitBurst=5

[Service]
Type=notify
ExecStart=%s
WatchdogSec=20
Restart=on-failure
RestartSec=1
# Wrong options, runs already, not allowed, no data directory: to try again helps nothing.
RestartPreventExitStatus=2 4 7 12
TimeoutStopSec=40
# Containers outlive the daemon and are adopted by the next.
KillMode=process
Delegate=yes

[Install]
WantedBy=multi-user.target
]]

--- A word of ExecStart.
local function quoted(word)
  local plain = word:gsub('[\\"]', '\\%0'):gsub('%%', '%%%%'):gsub('%$', '$$')
  return word:find('^[%w/._-]+$') and word or ('"%s"'):format(plain)
end

local function unit_of(call)
  local paths, err = control.paths(call.ctx.instance)
  if not paths then return nil, err end
  local words = { call.ctx.facts.program, 'moond', 'run', '--data-dir', paths.base }
  local name = 'moonbox'
  if paths.instance ~= 'default' then
    name = 'moonbox-' .. paths.instance
    words[#words + 1] = '--instance'
    words[#words + 1] = paths.instance
  end
  if call.ctx.globals.scripts then
    words[#words + 1] = '--scripts'
    words[#words + 1] = call.ctx.globals.scripts
  end
  for i, word in ipairs(words) do
    words[i] = quoted(word)
  end
  return { name = name, text = UNIT:format(paths.instance, table.concat(words, ' ')) }
end

local function place(params, name) return ('%s/%s.service'):format(params.unitDir, name) end

--- *async*
local function install(call, params)
  local unit, err = unit_of(call)
  if not unit then return nil, err end
  local told = { unit = unit.name, path = place(params, unit.name), text = unit.text,
    written = not params.dryRun }
  if params.dryRun then return told end
  local written, failure = file.write(told.path, unit.text)
  if not written then return nil, failure end
  return told
end

--- *async*
local function uninstall(call, params)
  local unit, err = unit_of(call)
  if not unit then return nil, err end
  local path = place(params, unit.name)
  local removed, failure = file.remove(path)
  if not removed and failure.code ~= 'not_found' then return nil, failure end
  return { unit = unit.name, path = path, removed = removed ~= nil }
end

local function show_install(params, result, out)
  if params.dryRun then return out:write(result.text) end
  out:line('wrote ' .. result.path)
  out:line(('next: systemctl daemon-reload && systemctl enable --now %s'):format(result.unit))
end

local function show_uninstall(_params, result, out)
  if not result.removed then return out:line(('there is no %s'):format(result.path)) end
  out:line('removed ' .. result.path)
  out:line(('next: systemctl disable --now %s; systemctl daemon-reload'):format(result.unit))
end

local function params_with(more)
  return copy.merged({ unitDir = t.path{ default = '/etc/systemd/system',
    complete = 'directory', help = 'help.arg.unit-dir' } }, more)
end

M.install = command(install, params_with({ dryRun = t.flag{ help = 'help.arg.dry-run' } }),
  show_install, 'about.daemon.install')
M.uninstall = command(uninstall, params_with(), show_uninstall, 'about.daemon.uninstall')

return M
