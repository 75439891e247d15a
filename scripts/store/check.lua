--- Holds what is written against the schema of the document.
local json = require('engine.json')
local names = require('lib.names')
local pointer = require('lib.pointer')
local schema = require('store.schema')
local arrays = require('lib.rpc.arrays')
local problem_of = require('lib.rpc.problem')
local schema_check = require('lib.rpc.check')
local shape = require('lib.rpc.json_schema')

local M = {}

local function refusal(message, hint)
  return nil, { code = 'invalid_params', message = message, hint = hint }
end

local function leave_alone() end

local markers = setmetatable({}, { __mode = 'k' })

--- What marks the empty arrays of such a value.
local function marker_of(declared)
  markers[declared] = markers[declared] or arrays.marker(declared, json.array) or leave_alone
  return markers[declared]
end

--- Checks a value that is to stand at `at`; optional members that are null leave it.
---@param declared lib.rpc.Schema
---@param value any
---@param at string Pointer, for the message
---@return true? ok
---@return engine.Error? err `invalid_params`
function M.value(declared, value, at)
  local _, problems = declared:check(value)
  if not problems then
    if type(value) == 'table' then marker_of(declared)(value) end
    return true
  end
  return nil, problem_of.invalid(problems, at == '' and 'the document' or at)
end

--- The checkers of values that are read: what nobody declared may be there, too.
local readers = setmetatable({}, { __mode = 'k' })

--- Checks a value that was read at `at`.
---@param declared lib.rpc.Schema
---@param value any
---@param at string
---@return true? ok
---@return engine.Error? err `invalid_params`
function M.read(declared, value, at)
  local reader = readers[declared] or schema_check.member(declared, true)
  readers[declared] = reader
  local _, problems = reader(value)
  if not problems then return true end
  return nil, problem_of.invalid(problems, at == '' and 'the document' or at)
end

local function each_part(declared, visit)
  local options = declared.options
  visit(declared)
  if type(options.of) == 'table' and options.of.kind then each_part(options.of, visit) end
  for _, list in ipairs({ options.fields or {}, options.variants or {},
    declared.kind == 'union' and options.of or {} }) do
    for _, part in pairs(list) do
      each_part(part, visit)
    end
  end
end

--- The names under which secrets lie in a schema.
local function secret_names(declared)
  local found = {}
  each_part(declared, function(part)
    for key, field in pairs(part.options.fields or {}) do
      if field.options.secret then found[key] = true end
    end
  end)
  return found
end

--- Raises if a secret is declared where clients read it.
---@param document lib.rpc.Schema
function M.lint(document)
  for name in pairs(secret_names(document.options.fields.public)) do
    error(("store.schema: '%s' is a secret and may not lie below public"):format(name), 0)
  end
end

M.lint(schema.document)

local SECRET = secret_names(schema.document)

--- `password` is one, and so is `passwordHash`.
local function is_secret_name(name)
  if type(name) ~= 'string' then return false end
  for secret in pairs(SECRET) do
    if name == secret or name:find('^' .. secret .. '%u') then return true end
  end
  return false
end

local function find_secret(value, at)
  if type(value) ~= 'table' then return nil end
  for key, member in pairs(value) do
    local here = at .. '/' .. pointer.escape(tostring(key))
    if is_secret_name(key) then return here end
    local found = find_secret(member, here)
    if found then return found end
  end
end

--- Names that others choose: what user interfaces keep, and what packages call their things.
local FOREIGN = { ui = true, packageData = true }

local function find_public_secret(db, tokens)
  for i, token in ipairs(tokens) do
    if is_secret_name(token) then return pointer.join(unpack(tokens, 1, i)) end
  end
  if #tokens > 1 then
    local at = pointer.join(unpack(tokens))
    return find_secret(db:get(at), at)
  end
  for _, name in ipairs(db:keys('/public') or {}) do
    local at = pointer.join('public', name)
    local found = is_secret_name(name) and at or not FOREIGN[name] and find_secret(db:get(at), at)
    if found then return found end
  end
end

local function check_secrets(db, tokens)
  if #tokens > 0 and tokens[1] ~= 'public' or FOREIGN[tokens[2]] then return true end
  local found = find_public_secret(db, #tokens > 0 and tokens or { 'public' })
  if not found then return true end
  return refusal(found .. ' names a secret, and clients read what is below /public',
    'keep it below /private')
end

---@class store.Place
---@field declared lib.rpc.Schema? Of the value to be checked; nil where everything goes
---@field depth integer How many tokens name that value
---@field required boolean? The place itself may not be empty

local function unknown(tokens, depth, fields)
  local at = pointer.join(unpack(tokens, 1, depth))
  local list = names.sorted_keys(fields)
  local meant = names.nearest(tokens[depth], list)
  return refusal(at .. ': the schema has no such member', meant
    and ("did you mean '%s'?"):format(meant) or 'known: ' .. table.concat(list, ', '))
end

--- One token down; nil where it cannot be told without the value, or everything goes.
local function step(declared, tokens, depth)
  local token, options = tokens[depth], declared.options
  if declared.kind == 'object' then
    local field = options.fields[token]
    if not field and not options.open then return unknown(tokens, depth, options.fields) end
    return field or 'free'
  elseif declared.kind == 'map' then
    local _, wrong = nil, nil
    if options.keys then _, wrong = options.keys:check(token) end
    if wrong then
      return refusal(('%s: the name %s'):format(pointer.join(unpack(tokens, 1, depth)),
        wrong[1].message), wrong[1].hint)
    end
    return options.of or 'free'
  elseif declared.kind == 'array' and token ~= '-' then
    return options.of or 'free'
  end
  return (declared.kind == 'any' or declared.kind == 'json') and 'free' or 'whole'
end

--- What has to be looked at after a change at `tokens`.
---@param tokens string[]
---@return store.Place? place
---@return engine.Error? err
local function place_of(tokens)
  local declared, required = schema.document, false
  for depth = 1, #tokens do
    local next_one, err = step(declared, tokens, depth)
    if not next_one then return nil, err end
    if next_one == 'free' then return { depth = depth } end
    if next_one == 'whole' then return { declared = declared, depth = depth - 1 } end
    required = declared.kind == 'object' and not shape.may_miss(next_one)
    declared = next_one
  end
  return { declared = declared, depth = #tokens, required = required }
end

local function check_declared(db, tokens, place)
  local at = pointer.join(unpack(tokens, 1, place.depth))
  if not db:exists(at) then
    if not place.required then return true end
    return refusal(at .. ': is required')
  end
  if place.declared.kind == 'any' or place.declared.kind == 'json' then return true end
  local value, err = db:get(at)
  if value == nil then return nil, err end
  return M.value(place.declared, value, at)
end

--- Whether what stands at a place after a change fits the schema.
---@param db engine.store.Mutation
---@param at string Pointer to what was changed
---@return true? ok
---@return engine.Error? err `invalid_params`, naming the pointer
function M.place(db, at)
  local tokens, problem = pointer.split(at)
  if not tokens then return refusal(problem) end
  local place, err = place_of(tokens)
  if not place then return nil, err end
  if place.declared then
    local fine, wrong = check_declared(db, tokens, place)
    if not fine then return nil, wrong end
  end
  return check_secrets(db, tokens)
end

--- As `place`, for every operation of a patch.
---@param db engine.store.Mutation
---@param patch table[]
---@return true? ok
---@return engine.Error? err
function M.patch(db, patch)
  for _, operation in ipairs(patch) do
    local fine, err = true, nil
    if operation.op ~= 'test' then fine, err = M.place(db, operation.path) end
    if fine and operation.op == 'move' then fine, err = M.place(db, operation.from) end
    if not fine then return nil, err end
  end
  return true
end

return M
