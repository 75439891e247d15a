--- A command of the CLI alone, without a method behind it.
local rpc = require('lib.rpc')

---@param fn fun(call: table, params?: table): any, engine.Error?
---@param params table? Nil: it takes none
---@param show fun(params: table, result: any, out: lib.cli.Out) For people
---@param about string Key of its description
---@return lib.rpc.Handler
return function(fn, params, show, about)
  local handler = rpc.from_fn_async(fn)
  if params then handler:with_params(params) end
  return handler:with_context('CliContext')
    :with_custom_display_fn(show)
    :with_about(about)
end
