--- JSON-RPC echo as one would write it for nginx.
local cjson = require('cjson.safe')

local methods = { echo = function(params) return params.message end }

local M = {}

function M.serve()
  ngx.req.read_body()
  local call = cjson.decode(ngx.req.get_body_data() or '')
  local method = call and methods[call.method]
  local answer = method
    and { jsonrpc = '2.0', result = method(call.params), id = call.id }
    or { jsonrpc = '2.0', error = { code = -32601, message = 'Method not found' }, id = call and call.id }
  local text = cjson.encode(answer)
  ngx.header.content_type = 'application/json'
  ngx.header.content_length = #text
  ngx.print(text)
end

return M
