--- `moon-cli s9pk diff A B`: what one package has that the other has not. Equal files are told by
--- their hashes, so nothing large is read.
local display = require('lib.display')
local json = require('engine.json')
local names = require('lib.names')
local rpc = require('lib.rpc')
local source = require('core.s9pk.source')
local t = rpc.types

local DIFFERENT = 1

local function describe(name, params)
  local package, err = source.open(name, params)
  if not package then return nil, source.about(name, err) end
  local entries, wrong = package:list()
  if not entries then return nil, wrong end
  local files, directories = {}, {}
  for _, entry in ipairs(entries) do
    local into = entry.type == 'directory' and directories or files
    into[entry.path] = entry
  end
  local found = { files = files, directories = directories, manifest = package:manifest() or {},
    size = package:size(), commitment = package:commitment(), signer = package:signer() }
  package:close()
  return found
end

--- Whether an entry is the trace of a directory that the other package holds, of which all is left
--- out.
local function is_left_out(entry, other)
  return entry ~= nil and entry.type == 'missing' and other.directories[entry.path] ~= nil
    and other.directories[entry.path].hash == entry.hash
end

local function is_inside_left_out(path, package, other)
  for at in path:gmatch('()/') do
    if is_left_out(package.files[path:sub(1, at - 1)], other) then return true end
  end
  return false
end

--- A missing entry has the hash of what is missing: content is one thing, presence another.
local function compare(before, after)
  if not before then return 'added' end
  if not after then return 'removed' end
  if before.hash ~= after.hash then return 'changed' end
  if before.type == after.type then return nil end
  return after.type == 'missing' and 'left out' or 'put back'
end

local function change_at(path, before, after)
  if is_inside_left_out(path, after, before) then return 'left out' end
  if is_inside_left_out(path, before, after) then return 'put back' end
  return compare(before.files[path], after.files[path])
end

local function file_changes(before, after)
  local all = {}
  for path, entry in pairs(before.files) do
    all[path] = not is_left_out(entry, after) or nil
  end
  for path, entry in pairs(after.files) do
    all[path] = all[path] or not is_left_out(entry, before) or nil
  end
  local changes = json.array()
  for _, path in ipairs(names.sorted_keys(all)) do
    local old, new = before.files[path], after.files[path]
    local change = change_at(path, before, after)
    if change then
      changes[#changes + 1] = { path = path, change = change,
        before = old and old.size or json.null, after = new and new.size or json.null }
    end
  end
  return changes
end

local function diff(call, params)
  local a, err = describe(params.before, params)
  if not a then return nil, err end
  local b, wrong = describe(params.after, params)
  if not b then return nil, wrong end
  local result = {
    equal = a.commitment.rootSighash == b.commitment.rootSighash,
    sameSigner = a.signer == b.signer,
    files = file_changes(a, b),
    manifest = json.diff(a.manifest, b.manifest),
    size = { before = a.size, after = b.size },
  }
  if not result.equal or #result.files > 0 then call.ctx.exit(DIFFERENT) end
  return result
end

local function size(bytes) return bytes == json.null and '' or display.bytes(bytes) end

local function show(params, result, out)
  if result.equal then
    out:line(#result.files == 0 and 'the same content' or 'the same package; files are left out')
  end
  if not result.sameSigner then out:line('signed by different keys') end
  if #result.files > 0 then
    local rows = {}
    for i, change in ipairs(result.files) do
      rows[i] = { path = change.path, change = change.change, before = size(change.before),
        after = size(change.after) }
    end
    out:table({ { key = 'path' }, { key = 'change' }, { key = 'before', align = 'right' },
      { key = 'after', align = 'right' } }, rows)
  end
  for _, operation in ipairs(result.manifest) do
    out:line(('manifest: %s %s %s'):format(operation.op, operation.path,
      operation.value ~= nil and json.encode(operation.value) or ''))
  end
  out:line(('size: %s in %s, %s in %s'):format(display.bytes(result.size.before),
    source.shown(params.before), display.bytes(result.size.after), source.shown(params.after)))
end

return rpc.from_fn_async(diff)
  :with_params({
    before = t.string{ positional = 1, complete = 'file', help = 'help.arg.package-source' },
    after = t.string{ positional = 2, complete = 'file', help = 'help.arg.package-source' },
    cacert = source.PARAMS.cacert, timeout = source.PARAMS.timeout,
  })
  :with_context('CliContext')
  :with_custom_display_fn(show)
  :with_about('about.s9pk.diff')
  :with_examples('s9pk diff old.s9pk new.s9pk')
