--- What is wrong with a value, in words.
local i18n = require('lib.i18n')
local null = require('lib.null')
local text = require('lib.text')

---@class lib.rpc.Problem
---@field path string Relative to the checked value: `.packages[2].id`, empty for the value itself
---@field message string In English
---@field hint string?
---@field said? {[1]: string, [2]: table?} Name and arguments of the message, for other languages
---@field advised? {[1]: string, [2]: table?} The same of the hint

local M = {}

--- What is said, by name. The locales have it as `error.params.NAME`; where none are installed, in
--- containers, this is what there is.
M.ENGLISH = {
  ['at-least'] = 'must be at least %{limit}, got %{got}',
  ['at-most'] = 'must be at most %{limit}, got %{got}',
  ['conflicts-with'] = "cannot be given with '%{other}'",
  ['few'] = 'must have at least %{limit}, got %{count}',
  ['form'] = 'expected %{expected} (%{form}), got %{got}',
  ['many'] = 'must have at most %{limit}, got %{count}',
  ['mismatch'] = 'expected %{expected}, got %{got}',
  ['one-of'] = 'expected one of %{list}, got %{got}',
  ['pattern'] = 'must match the pattern %{pattern}, got %{got}',
  ['pattern-hint'] = '%{hint}, got %{got}',
  ['required'] = 'is required',
  ['requires'] = "can only be given with '%{other}'",
  ['reserved'] = 'is a reserved name',
  ['unknown'] = 'is unknown',
  -- hints
  ['did-you-mean'] = "did you mean '%{word}'?",
  ['known'] = 'known: %{list}',
  ['no-params'] = 'it takes no parameters',
  -- several problems
  ['and-more'] = '%{message} (and %{count} more)',
  -- what values are, and should be
  ['a-boolean'] = 'a boolean', ['a-number'] = 'a number', ['a-string'] = 'a string',
  ['an-array'] = 'an array', ['an-object'] = 'an object', ['an-integer'] = 'an integer',
  ['int64'] = 'an integer of 64 bits', ['nothing'] = 'nothing', ['null'] = 'null',
  ['out-of-range'] = 'a value out of range',
  ['absolute-path'] = 'an absolute path', ['absolute-path-form'] = 'such as /srv/data',
  ['path'] = 'a path', ['path-form'] = 'such as /srv/data',
  ['bytes'] = 'bytes in base64', ['bytes-form'] = 'standard alphabet',
  ['datetime'] = 'a date and time', ['datetime-form'] = 'such as 2026-01-31T12:00:00Z',
  ['duration'] = 'a duration such as 500ms, 30s, 5m, 1h30m',
  ['guid'] = 'a guid', ['guid-form'] = '32 characters A-Z and 2-7',
  ['package-id'] = 'a package id',
  ['package-id-form'] = 'a-z, 0-9 and single hyphens, at most 64 characters',
  ['pointer'] = 'a JSON pointer', ['pointer-form'] = 'empty, or such as /public/ui',
  ['seconds'] = 'a duration of 0 or more seconds',
  ['size'] = 'a size such as 4096, 512K or 1.5GiB',
  ['url'] = 'a URL', ['url-form'] = 'such as https://host/path',
  -- amounts
  ['count-bytes'] = '%{count} byte|%{count} bytes',
  ['count-characters'] = '%{count} character|%{count} characters',
  ['count-members'] = '%{count} member|%{count} members',
}

-- Whoever sends a million wrong members hears of the first ones.
local MOST_PROBLEMS = 64

-- Of a wrong text, this much is repeated.
local MOST_SHOWN = 40

---@alias lib.rpc.Phrase {[1]: string, count: integer?} A name of `ENGLISH`, with an amount

local KINDS = {
  ['nil'] = { 'nothing' }, userdata = { 'out-of-range' }, string = { 'a-string' },
  number = { 'a-number' }, boolean = { 'a-boolean' },
}

--- What kind of value it is.
---@param value any
---@return string|lib.rpc.Phrase A text of what no caller can send: a result has it at most
function M.describe(value)
  if null.is_null(value) then return { 'null' } end
  if type(value) ~= 'table' then return KINDS[type(value)] or 'a ' .. type(value) end
  return { (getmetatable(value) ~= nil or value[1] ~= nil) and 'an-array' or 'an-object' }
end

--- Whether what the schema takes may be a secret.
local function is_secret(schema)
  if schema.options.secret then return true end
  for _, alternative in ipairs(schema.kind == 'union' and schema.options.of or {}) do
    if is_secret(alternative) then return true end
  end
  return false
end

--- The value itself where it is short and no secret.
---@param value any
---@param schema lib.rpc.Schema
---@return string|lib.rpc.Phrase
function M.got(value, schema)
  if is_secret(schema) then return M.describe(value) end
  if type(value) == 'string' then
    return ("'%s'"):format(text.cut(text.one_line(value), MOST_SHOWN))
  end
  return type(value) == 'number' and tostring(value) or M.describe(value)
end

--- What a name of `ENGLISH` says in a locale.
---@param name string
---@param args? table<string, any> Of its placeholders; phrases among them are said, too
---@param locale? string English if absent
---@return string
function M.say(name, args, locale)
  local said = locale and i18n.known('error.params.' .. name, locale) or M.ENGLISH[name]
  local filled = {}
  for key, value in pairs(args or filled) do
    filled[key] = type(value) == 'table' and M.say(value[1], value, locale) or value
  end
  if args and args.count and said:find('|', 1, true) then
    said = i18n.plural(said, args.count, locale)
  end
  return i18n.fill(said, filled)
end

--- A name that a stranger chose, as part of a path.
---@param name any
---@return string
function M.key(name) return text.cut(text.one_line(tostring(name)), MOST_SHOWN) end

--- One problem.
---@param name string
---@param args? table<string, any>
---@param advised? {[1]: string, [2]: table?}
---@return lib.rpc.Problem
function M.of(name, args, advised)
  return { path = '', message = M.say(name, args), said = { name, args },
    hint = advised and M.say(advised[1], advised[2]), advised = advised }
end

--- The answer of a checker that refuses.
---@param name string
---@param args? table<string, any>
---@param advised? {[1]: string, [2]: table?} Name and arguments of a hint
---@return nil
---@return lib.rpc.Problem[]
function M.fail(name, args, advised) return nil, { M.of(name, args, advised) } end

--- The hint at a name that is near; nil where none is.
---@param word? string
---@return {[1]: string, [2]: table}?
function M.meant(word) return word and { 'did-you-mean', { word = word } } or nil end

---@param problems lib.rpc.Problem[]?
---@return boolean
function M.enough(problems) return problems ~= nil and #problems >= MOST_PROBLEMS end

---@param expected string A name of `ENGLISH`
---@param value any
---@return nil
---@return lib.rpc.Problem[]
function M.mismatch(expected, value)
  return M.fail('mismatch', { expected = { expected }, got = M.describe(value) })
end

--- What is wrong with an amount; nil when nothing is.
---@param count integer
---@param min? integer
---@param max? integer
---@param unit string A name of `ENGLISH` with two forms
---@return lib.rpc.Problem[]?
function M.miscounted(count, min, max, unit)
  if min and count < min then
    return { M.of('few', { limit = { unit, count = min }, count = count }) }
  end
  if max and count > max then
    return { M.of('many', { limit = { unit, count = max }, count = count }) }
  end
end

--- Takes the problems of a member over.
---@param problems lib.rpc.Problem[]?
---@param prefix string Path of the member
---@param more lib.rpc.Problem[]
---@return lib.rpc.Problem[]
function M.append(problems, prefix, more)
  problems = problems or {}
  for i = 1, math.min(#more, MOST_PROBLEMS - #problems) do
    local problem = more[i]
    problem.path = prefix .. problem.path
    problems[#problems + 1] = problem
  end
  return problems
end

--- The error a caller gets: the first problem as the message, all of them as details.
---@param problems lib.rpc.Problem[]
---@param root string `params`
---@param locale? string English if absent
---@return {code: string, message: string, hint: string?, details: table[]}
function M.invalid(problems, root, locale)
  local details = {}
  for i, problem in ipairs(problems) do
    local said, advised = problem.said, problem.advised
    details[i] = { path = root .. problem.path,
      message = said and M.say(said[1], said[2], locale) or problem.message,
      hint = advised and M.say(advised[1], advised[2], locale) or problem.hint }
  end
  return { code = 'invalid_params', message = M.headline(details, locale),
    hint = details[1].hint, details = details }
end

--- The line that stands for all of them.
---@param details {path: string, message: string}[]
---@param locale? string
---@return string
function M.headline(details, locale)
  local message = ('%s: %s'):format(details[1].path, details[1].message)
  if #details == 1 then return message end
  return M.say('and-more', { message = message, count = #details - 1 }, locale)
end

return M
