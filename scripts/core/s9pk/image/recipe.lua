--- What an author writes about an image: `images/ID.lua`, read and checked.
local copy = require('lib.copy')
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
local FROM = { folder = 'string', archive = 'string', debian = 'table', docker = 'table',
  command = 'table' }

local DEBIAN = { suite = 'string', packages = 'table', variant = 'string', mirror = 'string' }

local DOCKER = { tag = 'string', build = 'string', dockerfile = 'string', args = 'table' }

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

local function check_docker(docker, name)
  local fine, err = check_fields(docker, DOCKER, name .. ': from.docker')
  if not fine then return nil, err end
  if (docker.tag == nil) == (docker.build == nil) then
    return problem(('%s: from.docker names either a tag or a folder to build'):format(name),
      "such as tag = 'alpine:3.20' or build = '.'")
  end
  if docker.tag and (docker.dockerfile or docker.args) then
    return problem(('%s: from.docker: dockerfile and args go with build'):format(name))
  end
  for _, key in ipairs(names.sorted_keys(docker.args or {})) do
    local value = docker.args[key]
    if type(value) ~= 'string' and (type(value) ~= 'table' or type(value.env) ~= 'string') then
      return problem(("%s: the build argument '%s' must be a text or { env = NAME }")
        :format(name, tostring(key)))
    end
  end
  return true
end

local function check_from(from, name)
  -- `tag` chooses one image of an archive that holds several.
  local fine, err = check_fields(from, copy.merged(FROM, { tag = 'string' }), name .. ': from')
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
  if from.docker then return check_docker(from.docker, name) end
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

--- Runs the text of a recipe, which knows the architecture as `arch`. *async*
---@param text string
---@param name string For messages
---@param arch string
---@return table? recipe
---@return engine.Error? err `pack`, `script` with file:line
---@async
function M.parse(text, name, arch)
  local chunk, err = module.eval(text, { arch = arch }, name)
  if not chunk then return nil, err end
  local fine, recipe = pcall(chunk)
  if not fine then return nil, errc.new('script', tostring(recipe)) end
  return check(recipe, name)
end

--- What a manifest may say of an image: where its root begins, for docker to find.
local function from_source(source)
  if type(source) ~= 'table' then return nil end
  if source.dockerTag then return { docker = { tag = source.dockerTag } } end
  local build = source.dockerBuild
  if type(build) ~= 'table' then return nil end
  return { docker = { build = build.workdir or '.', dockerfile = build.dockerfile,
    args = build.buildArgs } }
end

local function with_source(recipe, name, source)
  local from = from_source(source)
  if not from then return recipe end
  if recipe.from then
    return problem(('%s has a from, and package.lua names a source besides'):format(name),
      "keep one; the source of an image with a recipe is 'packed'")
  end
  recipe.from = from
  return check(recipe, 'package.lua')
end

--- The recipe of an image; empty when there is only its folder. *async*
---@param directory string Of the package
---@param id string
---@param arch string
---@param source? string|table The manifest's
---@return table? recipe
---@return engine.Error? err `pack`, `script` with file:line
---@async
function M.read(directory, id, arch, source)
  local name = M.path(id)
  local text, err = file.read(directory .. '/' .. name)
  if text then
    local recipe, wrong = M.parse(text, name, arch)
    if not recipe then return nil, wrong end
    return with_source(recipe, name, source)
  end
  if err.code ~= 'not_found' then return nil, err end
  if from_source(source) or file.exists(('%s/images/%s'):format(directory, id)) then
    return with_source({}, name, source)
  end
  return problem(("the image '%s' has no recipe"):format(id),
    ('write %s, or put its files into images/%s/'):format(name, id))
end

--- Where the recipe of an image lies, in the package's folder.
---@param id string
---@return string
function M.path(id) return ('images/%s.lua'):format(id) end

return M
