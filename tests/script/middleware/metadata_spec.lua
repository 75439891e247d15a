--- The metadata keys of the daemon: docs/scripts.md names each, with its default, and no other.
local file = require('engine.file')
local metadata = require('lib.rpc.metadata')
local root = require('core')
local rpc = require('lib.rpc')
local server = require('lib.rpc.server')

local known = metadata.known_keys(root, 'RpcContext')

local function documented()
  local page, rows = assert(file.read('docs/scripts.md')), {}
  local section = page:match('\n### Metadata\n(.-)\n### ')
  for key, default in section:gmatch('\n| `([%l_]+)` | ([^|]-) ?|') do
    rows[key] = default
  end
  return rows
end

describe('metadata', function()
  it('is documented, key by key', function()
    local rows = documented()
    for key, spec in pairs(known) do
      expect({ key, rows[key] ~= nil }):equals({ key, true })
      if spec.default ~= nil then
        expect({ key, rows[key] }):equals({ key, tostring(spec.default) })
      end
      rows[key] = nil
    end
    expect(rows):equals({})
  end)

  -- What the originals had and nobody read.
  for _, dead in ipairs({ 'get_connect_info', 'role', 'sync-db', 'Authenticated' }) do
    it(('has no %s'):format(dead), function()
      expect(known[dead]):is_nil()
      local tree = rpc.parent():with_context('RpcContext')
        :with_middleware('RpcContext', root.middleware.RpcContext)
        :subcommand('m', rpc.from_fn(function() end):with_metadata(dead, true))
      expect(function() server.load(tree, 'RpcContext') end)
        :raises(("no middleware of RpcContext reads metadata '%s'"):format(dead))
    end)
  end

  it('has a reader for each key of each middleware, and no two', function()
    local readers = {}
    for _, middleware in ipairs(root.middleware.RpcContext) do
      for key in pairs(middleware.keys) do
        expect({ key, known[key].reader }):equals({ key, middleware.name })
        readers[key] = true
      end
    end
    for key, spec in pairs(known) do
      expect({ key, spec.reader ~= nil }):equals({ key, readers[key] == true })
    end
  end)
end)
