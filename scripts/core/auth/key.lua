--- `auth.key.*`: the public keys whose signatures count.
local keys = require('middleware.auth.keys')
local names = require('lib.names')
local rpc = require('lib.rpc')
local t = rpc.types

local function add(_call, params)
  local id, err = keys.add(params.key, { name = params.name, admin = params.admin })
  if not id then return nil, err end
  return { id = id }
end

local function list()
  local rows, all = {}, keys.list()
  for i, id in ipairs(names.sorted_keys(all)) do
    local entry = all[id]
    rows[i] = { id = id, name = entry.name, admin = entry.admin, addedAt = entry.addedAt,
      key = entry.key }
  end
  return rows
end

local function remove(_call, params)
  local done, err = keys.remove(params.ids)
  if not done then return nil, err end
  return nil
end

local function show_added(_params, result, out) out:line(result.id) end

local function show_list(_params, result, out)
  out:table({ 'id', 'name', 'admin', 'addedAt' }, result)
end

local entry = t.object{ fields = {
  id = t.string, name = t.string, admin = t.boolean, addedAt = t.string, key = t.string,
} }

return rpc.parent():with_about('about.auth.key')
  :subcommand('add', rpc.from_fn_async(add)
    :with_params({
      key = t.text{ positional = true, stdin = true, max_length = 1024,
        help = 'help.arg.public-key' },
      name = t.string{ default = '', max_length = 100, help = 'help.arg.key-name' },
      admin = t.flag{ help = 'help.arg.key-admin' },
    })
    :with_result(t.object{ fields = { id = t.string } })
    :with_metadata('admin', true)
    :with_metadata('audit', true)
    :with_display_serializable()
    :with_custom_display_fn(show_added)
    :with_about('about.auth.key.add')
    :with_examples('auth key add --name laptop laptop.pem')
    :with_call_remote('CliContext'))
  :subcommand('list', rpc.from_fn(list)
    :with_result(t.array{ of = entry })
    :with_metadata('read_only', true)
    :with_metadata('admin', true)
    :with_display_serializable()
    :with_custom_display_fn(show_list)
    :with_about('about.auth.key.list')
    :with_call_remote('CliContext'))
  :subcommand('remove', rpc.from_fn_async(remove)
    :with_params({
      ids = t.array{ of = t.string{ max_length = 64 }, min = 1, positional = true,
        help = 'help.arg.key-ids' },
    })
    :with_result(t.null)
    :with_metadata('admin', true)
    :with_metadata('audit', true)
    :no_display()
    :with_about('about.auth.key.remove')
    :with_call_remote('CliContext'))
