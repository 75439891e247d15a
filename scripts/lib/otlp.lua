--- Traced calls as OpenTelemetry's JSON (OTLP/HTTP, `ExportTraceServiceRequest`).
local M = {}

local SERVER, INTERNAL = 2, 1
local OK, ERROR = 1, 2

--- Hexadecimal digits made of a text, the same for the same text.
local function hex(text, digits)
  local one, two = 2166136261, 40503
  local out = {}
  for i = 1, digits / 4 do
    for at = 1, #text do
      one = (one * 31 + text:byte(at) + i) % 4294967291
      two = (two * 131 + text:byte(at)) % 4294967279
    end
    out[i] = ('%04x'):format((one + two * 7) % 65536)
  end
  return table.concat(out)
end

local function attribute(key, value) return { key = key, value = { stringValue = value } } end

--- Nanoseconds since 1970 as decimal text: more than a number of Lua holds exactly.
local function nanoseconds(started_at, offset)
  local whole = math.floor(started_at)
  local nanos = math.floor((started_at - whole) * 1e9) + offset
  whole, nanos = whole + math.floor(nanos / 1e9), nanos % 1e9
  return ('%d%09d'):format(whole, nanos)
end

-- Calls may share a trace, but no span.
local function span_id(call, trace, index, i)
  return hex(('%s/%.6f/%d/%d'):format(trace, call.startedAt, index, i), 16)
end

local function span_of(call, trace, index, i)
  local span = call.spans[i]
  local attributes = { attribute('moonbox.vm', call.vm) }
  if span.at then attributes[#attributes + 1] = attribute('code.filepath', span.at) end
  local out = { traceId = trace, spanId = span_id(call, trace, index, i), name = span.name,
    kind = span.parent == 0 and SERVER or INTERNAL,
    startTimeUnixNano = nanoseconds(call.startedAt, span.start),
    endTimeUnixNano = nanoseconds(call.startedAt, span.finish), attributes = attributes }
  if span.parent > 0 then
    out.parentSpanId = span_id(call, trace, index, span.parent)
  else
    attributes[#attributes + 1] = attribute('rpc.method', call.method)
    out.status = { code = call.error and ERROR or OK, message = call.error }
  end
  return out
end

--- A trace id of 32 hexadecimal digits is taken as it is; others are made into one.
local function trace_id(call, index)
  local id = call.trace or ''
  if #id == 32 and id:find('^%x+$') then return id:lower() end
  return hex(('%s/%s/%d'):format(id, call.startedAt, index), 32)
end

---@param calls engine.debug.TracedCall[]
---@param version string Of moonbox
---@return table document
function M.document(calls, version)
  local spans = {}
  for index, call in ipairs(calls) do
    local trace = trace_id(call, index)
    for i = 1, #call.spans do
      spans[#spans + 1] = span_of(call, trace, index, i)
    end
  end
  return { resourceSpans = { {
    resource = { attributes = { attribute('service.name', 'moonbox'),
      attribute('service.version', version) } },
    scopeSpans = { { scope = { name = 'moonbox.script.trace' }, spans = spans } },
  } } }
end

return M
