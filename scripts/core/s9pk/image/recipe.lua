--- What an author writes about an image: `images/ID.lua`, read and checked.
local errc = require('engine.errc')
local file = require('engine.file')
local module = require('engine.module')
local names = require('lib.names')

local M = {}

local FIELDS = {
  from = 'table', busybox = 'any', files = 'table', directories = 'table', links = 'table',
  workdir = 'string', user = 'string', entrypoint = 'table', cmd = 'table', env = 'table',
}

-- Where a root begins; a recipe names one of them.
local FROM = { folder = 'string', archive = 'string', debian = 'table', command = 'table' }

local DEBIAN = { suite = 'string', packages = 'table', variant = 'string', mirror = 'string' }

local function problem(message, hint) return nil, errc.new('pack', message, { hint = hint }) end

--- Every field of `value` is one of `fields`, and of its type.
local function check_fields(value, fields, where)
  for _, key in ipairs(names.sorted_keys(value)) do
    if not fields[key] then
      return problem(("%s: unknown field '%s'"):format(where, key),
        'known fields: ' .. table.concat(names.sorted_keys(fields), ', '))
    end
    if fields[key] ~= 'any' and type(value[key]) ~= fields[key] then
      return problem(("%s: '%s' must be a %s"):format(where, key, fields[key]))
    end
  end
  return true
end

local function check_debian(debian, name)
  local fine, err = check_fields(debian, DEBIAN, name .. ': from.debian')
  if not fine then return nil, err end
  if debian.suite then return true end
  return problem(("%s: from.debian needs a suite"):format(name), "such as suite = 'bookworm'")
end

local function check_from(from, name)
  -- `tag` chooses one image of an archive that holds several.
  local fine, err = check_fields(from, { folder = FROM.folder, archive = FROM.archive,
    debian = FROM.debian, command = FROM.command, tag = 'string' }, name .. ': from')
  if not fine then return nil, err end
  local begins = {}
  for _, kind in ipairs(names.sorted_keys(FROM)) do
    if from[kind] then begins[#begins + 1] = kind end
  end
  if #begins ~= 1 then
    return problem(('%s: a root begins from one of %s'):format(name,
      table.concat(names.sorted_keys(FROM), ', ')),
      #begins == 0 and 'name one of them in from, or leave from out' or
        'it names ' .. table.concat(begins, ' and '))
  end
  if from.debian then return check_debian(from.debian, name) end
  return true
end

local function check_env(env, name)
  for _, key in ipairs(names.sorted_keys(env)) do
    if tostring(env[key]):find('\n', 1, true) then
      return problem(("%s: the value of %s in env holds a line end"):format(name, key),
        'the environment of an image has one variable a line')
    end
  end
  return true
end

local function check(recipe, name)
  if type(recipe) ~= 'table' then return problem(name .. ' must return a table') end
  local fine, err = check_fields(recipe, FIELDS, name)
  if fine and recipe.from then
    fine, err = check_from(recipe.from, name)
  end
  if fine and recipe.env then
    fine, err = check_env(recipe.env, name)
  end
  if not fine then return nil, err end
  return recipe
end

--- The recipe of an image; empty when there is only its folder. *async*
---@param directory string Of the package
---@param id string
---@return table? recipe
---@return engine.Error? err `pack`, `script` with file:line
---@async
function M.read(directory, id)
  local name = ('images/%s.lua'):format(id)
  local text, err = file.read(directory .. '/' .. name)
  if not text then
    if err.code ~= 'not_found' then return nil, err end
    if file.exists(('%s/images/%s'):format(directory, id)) then return {} end
    return problem(("the image '%s' has no recipe"):format(id),
      ('write %s, or put its files into images/%s/'):format(name, id))
  end
  local chunk, wrong = module.eval(text, {}, name)
  if not chunk then return nil, wrong end
  local fine, recipe = pcall(chunk)
  if not fine then return nil, errc.new('script', tostring(recipe)) end
  return check(recipe, name)
end

return M
