--- What moonbox runs of this package.
local sdk = require('moonbox')
local greeting = require('greeting')

--- After install, update and restore, and whenever the container starts (kind nil).
local function init(args)
  if args.kind == 'install' then return greeting.write('Hello from moonbox!') end
end

return {
  init = init,
  main = require('main'),
  actions = sdk.actions({ require('actions.set_greeting') }),
  create_backup = sdk.backup.volumes({ 'main' }),
}
