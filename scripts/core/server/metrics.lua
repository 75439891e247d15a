--- Figures of the machine: temperature, memory, processors, disk. Each is {value, unit}.
local file = require('engine.file')
local json = require('engine.json')
local loop = require('engine.loop')

local M = {}

--- Seconds between the two looks at the processors' times.
local APART = 0.2

local function round(value) return math.floor(value * 100 + 0.5) / 100 end

local function measure(value, unit) return { value = round(value), unit = unit } end

local MIB = 1024 * 1024

--- Times of all processors since the start of the machine: user, nice, system, idle, iowait, irq,
--- softirq, steal.
local function times()
  local text = file.read('/proc/stat')
  local list = {}
  for number in (text or ''):match('^cpu%s+([%d ]+)'):gmatch('%d+') do
    list[#list + 1] = tonumber(number)
  end
  return list
end

local function cpu()
  local before = times()
  local slept, err = loop.sleep(APART)
  if not slept then return nil, err end
  local after, all, spent = times(), 0, {}
  for i = 1, 8 do
    spent[i] = (after[i] or 0) - (before[i] or 0)
    all = all + spent[i]
  end
  if all == 0 then all = 1 end
  local function share(value) return measure(100 * value / all, '%') end
  return {
    percentageUsed = share(all - spent[4] - spent[5]), userSpace = share(spent[1] + spent[2]),
    kernelSpace = share(spent[3] + spent[6] + spent[7]), wait = share(spent[5]),
    idle = share(spent[4]),
  }
end

local function memory()
  local kib = {}
  for name, value in (file.read('/proc/meminfo') or ''):gmatch('(%w+):%s+(%d+)') do
    kib[name] = tonumber(value)
  end
  local total, available = (kib.MemTotal or 0) / 1024, (kib.MemAvailable or 0) / 1024
  return {
    percentageUsed = measure(total > 0 and 100 * (total - available) / total or 0, '%'),
    total = measure(total, 'MiB'), available = measure(available, 'MiB'),
    used = measure(total - available, 'MiB'),
    swapTotal = measure((kib.SwapTotal or 0) / 1024, 'MiB'),
    swapFree = measure((kib.SwapFree or 0) / 1024, 'MiB'),
  }
end

local function disk(path)
  local space, err = file.space(path)
  if not space then return nil, err end
  local used = space.total - space.free
  return {
    percentageUsed = measure(space.total > 0 and 100 * used / space.total or 0, '%'),
    capacity = measure(space.total / MIB, 'MiB'), used = measure(used / MIB, 'MiB'),
    available = measure(space.available / MIB, 'MiB'),
  }
end

--- The hottest zone, or null where the machine tells of none.
local function temperature()
  local hottest
  for _, entry in ipairs(file.list('/sys/class/thermal') or {}) do
    local text = file.read('/sys/class/thermal/' .. entry.name .. '/temp')
    local milli = tonumber(text)
    if milli and milli > 0 and milli < 200000 then
      hottest = math.max(hottest or 0, milli / 1000)
    end
  end
  return hottest and measure(hottest, '°C') or json.null
end

--- *async* A sample, taken now.
---@param path string Whose disk is meant
---@return table? metrics
---@return table? err
---@async
function M.sample(path)
  local processors, err = cpu()
  if not processors then return nil, err end
  local room, problem = disk(path)
  if not room then return nil, problem end
  return { general = { temperature = temperature() }, memory = memory(), cpu = processors,
    disk = room }
end

--- *async* Seconds the machine has been up.
---@return number
---@async
function M.uptime() return tonumber((file.read('/proc/uptime') or ''):match('^[%d.]+')) or 0 end

return M
