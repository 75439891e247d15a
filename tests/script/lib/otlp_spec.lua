local otlp = require('lib.otlp')

local function traced(over)
  local call = { vm = 'worker-1', method = 'echo', trace = 'a trace', startedAt = 1700000000.25,
    spans = {
      { name = 'echo', parent = 0, start = 0, finish = 2000 },
      { name = 'handler', parent = 1, start = 500, finish = 1500, at = 'core/echo.lua:9' },
    } }
  for key, value in pairs(over or {}) do
    call[key] = value
  end
  return call
end

local function spans_of(...)
  local document = otlp.document({ ... }, '1.2.3')
  return document.resourceSpans[1].scopeSpans[1].spans, document
end

local function value_of(span, key)
  for _, each in ipairs(span.attributes) do
    if each.key == key then return each.value.stringValue end
  end
end

describe('lib.otlp', function()
  it('names the service and its version', function()
    local _, document = spans_of()
    expect(document.resourceSpans[1].resource.attributes):equals({
      { key = 'service.name', value = { stringValue = 'moonbox' } },
      { key = 'service.version', value = { stringValue = '1.2.3' } },
    })
  end)

  it('links a span to its parent within one trace', function()
    local spans = spans_of(traced())
    local call, handler = spans[1], spans[2]
    expect(#call.traceId):equals(32)
    expect(#call.spanId):equals(16)
    expect(handler.traceId):equals(call.traceId)
    expect(handler.parentSpanId):equals(call.spanId)
    expect(call.parentSpanId):equals(nil)
    expect(handler.spanId ~= call.spanId):is_true()
    expect({ call.kind, handler.kind }):equals({ 2, 1 })
    expect(value_of(call, 'rpc.method')):equals('echo')
    expect(value_of(handler, 'rpc.method')):equals(nil)
    expect(value_of(handler, 'code.filepath')):equals('core/echo.lua:9')
    expect(value_of(handler, 'moonbox.vm')):equals('worker-1')
  end)

  it('tells times exactly, also over the end of a second', function()
    local spans = spans_of(traced())
    expect(spans[1].startTimeUnixNano):equals('1700000000250000000')
    expect(spans[2].endTimeUnixNano):equals('1700000000250001500')
    local late = traced({ startedAt = 1700000000.75 })
    late.spans[1].finish = 1250000001
    expect(spans_of(late)[1].endTimeUnixNano):equals('1700000002000000001')
  end)

  it('tells how the call ended', function()
    expect(spans_of(traced())[1].status.code):equals(1)
    local failed = spans_of(traced({ error = 'not_found' }))
    expect(failed[1].status):equals({ code = 2, message = 'not_found' })
    expect(failed[2].status):equals(nil)
  end)

  it('keeps the trace of the caller, gives no two calls the same spans', function()
    local id = ('0123456789ABCDEF'):rep(2)
    local spans = spans_of(traced({ trace = id }), traced({ trace = id }))
    expect(spans[1].traceId):equals(id:lower())
    expect(spans[3].traceId):equals(id:lower())
    expect(spans[1].spanId ~= spans[3].spanId):is_true()
    local other = spans_of(traced(), traced({ trace = 'another' }))
    expect(other[1].traceId ~= other[3].traceId):is_true()
  end)
end)
