--- The command line made from the handler tree: its description for the parser, and running one
--- command: here, or on the daemon.
local arguments = require('lib.rpc.arguments')
local arrays = require('lib.rpc.arrays')
local check = require('lib.rpc.check')
local copy = require('lib.copy')
local i18n = require('lib.i18n')
local names = require('lib.names')
local output = require('lib.rpc.output')
local problem_of = require('lib.rpc.problem')
local rules = require('lib.rpc.rules')
local runner = require('lib.rpc.runner')
local scan = require('lib.rpc.scan')
local tree = require('lib.rpc.tree')

local M = {}

---@class lib.rpc.Globals
---@field format 'table'|'json'|'json-pretty'|'yaml'|nil
---@field locale string? Default: en_US
---@field daemonOptions string[]? The options, as they were given, that say which daemon is meant

---@class lib.rpc.Environment What the CLI program lends to the library
---@field call fun(method: string, params: table, options: table): any, table? *async*
---@field json {encode: fun(value: any): string, decode: function, raw: function, array: function}
---@field read_stdin fun(): string?, table?
---@field read_file fun(path: string): string?, table?
---@field out lib.rpc.Stream Standard output
---@field err lib.rpc.Stream Standard error
---@field exit_code fun(code: string): integer
---@field interrupted? fun(): integer? The signal this command was cancelled by
---@field attributes table? Further members of `call.ctx`

local function describe_arguments(node, locale)
  local list = {}
  for _, entry in ipairs(arguments.of(arguments.params(node), locale)) do
    -- JSON is read here, because `-` and `@file` stand for it too.
    if entry.type == 'json' then entry.type = 'string' end
    entry.place = nil
    entry.own = node.group and not node.own_params[entry.key] or nil
    list[#list + 1] = entry
  end
  return list
end

local function about_of(node, locale)
  local owner = node.group or node.leaf.handler
  local about = owner.about and i18n.text(owner.about, nil, locale) or ''
  if not (node.leaf and node.leaf.metadata.deprecated) then return about end
  return ('%s [%s]'):format(about, i18n.text('help.cli.deprecated', nil, locale))
end

local function describe(node, locale)
  local about = about_of(node, locale)
  local out = { name = node.name, about = about, args = describe_arguments(node, locale),
    callable = node.leaf ~= nil, subcommands = {} }
  for i, example in ipairs(node.leaf and node.leaf.handler.examples or {}) do
    out.examples = out.examples or {}
    out.examples[i] = 'moon-cli ' .. example
  end
  for i, name in ipairs(names.sorted_keys(node.children)) do
    out.subcommands[i] = describe(node.children[name], locale)
  end
  return out
end

--- The words of help pages, which the parser writes. Placed in the locale files as `help.cli.…`.
local WORDS = {
  'usage', 'commands', 'arguments', 'options', 'examples', 'options-of-every-command', 'default',
  'required', 'repeatable', 'deprecated', 'more-options', 'more-help', 'data-dir', 'instance',
  'format', 'color', 'scripts', 'verbose',
}

--- What the parser says of wrong words. Placed in the locale files as `error.cli.…`.
local COMPLAINTS = {
  'did-you-mean', 'expected-boolean', 'expected-integer', 'expected-number', 'expected-path',
  'given-twice', 'lists-commands', 'missing-argument', 'missing-value', 'no-command', 'no-option',
  'error', 'hint', 'not-json', 'not-one-of', 'quote-json', 'unexpected-argument',
}

local function labels(locale)
  local out = {}
  for _, word in ipairs(WORDS) do
    out[word] = i18n.text('help.cli.' .. word, nil, locale)
  end
  for _, complaint in ipairs(COMPLAINTS) do
    out[complaint] = i18n.text('error.cli.' .. complaint, nil, locale)
  end
  return out
end

--- The options every command takes; the parser has its own list of them (`engine/app/cli`).
local GLOBALS = {
  { key = 'dataDir', kind = 'option', long = '--data-dir', type = 'path', complete = 'directory' },
  { key = 'instance', kind = 'option', long = '--instance' },
  { key = 'format', kind = 'option', long = '--format',
    choices = { 'table', 'json', 'json-pretty', 'yaml' } },
  { key = 'color', kind = 'option', long = '--color', choices = { 'auto', 'always', 'never' } },
  { key = 'scripts', kind = 'option', long = '--scripts', type = 'path', complete = 'directory' },
  { key = 'verbose', kind = 'flag', long = '--verbose' },
}

--- The options of every command, for help and completion.
---@param locale? string
---@return table[]
function M.globals(locale)
  local list = {}
  for i, entry in ipairs(GLOBALS) do
    list[i] = { name = names.placeholder(entry.key),
      help = i18n.text('help.cli.' .. names.kebab(entry.key), nil, locale) }
    for key, value in pairs(entry) do
      list[i][key] = value
    end
  end
  return list
end

--- The command tree, ready for JSON. Raises a load error.
---@param root lib.rpc.Parent
---@param options? {name?: string, locale?: string}
---@return table
function M.describe(root, options)
  rules.check(root)
  local locale = options and options.locale or 'en_US'
  local node = tree.build(root, 'CliContext')
  local out = node and describe(node, locale) or { args = {}, subcommands = {}, callable = false }
  out.name = options and options.name or 'moon-cli'
  out.labels = labels(locale)
  return out
end

local function find(root, path)
  local node = tree.build(root, 'CliContext')
  for _, name in ipairs(path) do
    node = node and node.children[name]
  end
  return node and node.leaf
end

local function text_or(value, other) return type(value) == 'string' and value or other end

--- An error as the daemon would tell it: its kind, its message and its hint are texts.
local function failure_of(err)
  if type(err) ~= 'table' then return err end
  local failure = copy.merged(err, { code = text_or(err.code, 'script') })
  failure.message = text_or(err.message, failure.code)
  failure.hint = text_or(err.hint)
  return failure
end

local function run_here(leaf, params, globals, env, root)
  local good, problems = check.params(leaf)(params)
  if problems then
    local err = problem_of.invalid(problems, 'params', globals.locale)
    err.code = 'usage'
    return nil, err
  end
  local ctx = { name = 'CliContext', globals = globals, remote = env.call, tree = root }
  for key, value in pairs(env.attributes or {}) do
    ctx[key] = value
  end
  local call = { ctx = ctx, path = leaf.method, locale = globals.locale,
    out = output.of(env.out, globals), format = globals.format }
  local result, err = runner.body(leaf)(call, good)
  -- Beside a result nothing counts: `return text:gsub(…)` has a second value.
  if result == nil then return nil, failure_of(err) end
  local mark = arrays.result_marker(leaf.handler.result, env.json.array)
  return mark and type(result) == 'table' and mark(result) or result
end

-- The answer of a method that has no deadline of its own comes within the server's default.
local DEFAULT_DEADLINE = 30
local GRACE = 5

local function run_there(leaf, params, globals, env)
  local result = leaf.handler.result
  local deadline = leaf.metadata.deadline or DEFAULT_DEADLINE
  return env.call(leaf.method, params, {
    timeout = deadline + GRACE,
    raw = result ~= nil and result.kind == 'json' and result.options.raw == true,
    read_only = leaf.metadata.read_only == true, locale = globals.locale,
  })
end

local function perform(leaf, params, globals, env, root)
  local good, err = scan.params(params, leaf.params, {
    read_stdin = env.read_stdin, read_file = env.read_file,
    decode = env.json.decode, raw = env.json.raw, locale = globals.locale,
  })
  if not good then return nil, err end
  if leaf.remote then
    local result, failure = run_there(leaf, good, globals, env)
    return result, failure, good
  end
  local result, failure = run_here(leaf, good, globals, env, root)
  return result, failure, good
end

--- Whether the details are those of a check; a handler may say anything there.
local function are_problems(details)
  if type(details) ~= 'table' or #details == 0 then return false end
  for _, problem in ipairs(details) do
    if type(problem) ~= 'table' or type(problem.path) ~= 'string'
      or type(problem.message) ~= 'string' then
      return false
    end
  end
  return true
end

--- Problems of parameters in the words of the command line: `params.maxSize` is `--max-size`.
local function in_words(err, leaf, locale)
  local problems = type(err) == 'table' and (err.code == 'invalid_params' or err.code == 'usage')
    and err.details
  if not are_problems(problems) then return err end
  local told = { code = err.code, hint = err.hint, details = {} }
  for i, problem in ipairs(problems) do
    local key, rest = problem.path:match('^params%.([%a%d]+)(.*)$')
    local schema = key and leaf.params[key]
    local path = schema and arguments.display_name(key, schema) .. rest or problem.path
    told.details[i] = { path = path, message = problem.message, hint = problem.hint }
  end
  told.message = problem_of.headline(told.details, locale)
  return told
end

--- Runs a command and prints what it gives. *async*
---@param root lib.rpc.Parent
---@param path string[]
---@param params table<string, any>
---@param globals lib.rpc.Globals
---@param env lib.rpc.Environment
---@return integer status For the process
---@async
function M.run(root, path, params, globals, env)
  local leaf = find(root, path)
  if not leaf then
    output.failure(env, globals, { code = 'usage',
      message = i18n.text('error.cli.no-command', { word = table.concat(path, ' ') },
        globals.locale) })
    return env.exit_code('usage')
  end
  local result, err, sent = perform(leaf, params, globals, env, root)
  if err ~= nil then
    output.failure(env, globals, in_words(err, leaf, globals.locale))
    return env.exit_code(type(err) == 'table' and err.code or 'script')
  end
  local shown, unfit = output.result(env, globals, leaf.handler.display, sent, result)
  if shown then return 0 end
  output.failure(env, globals, { code = 'internal',
    message = ('the result of %s: %s'):format(table.concat(path, ' '), unfit.message) })
  return env.exit_code('internal')
end

return M
