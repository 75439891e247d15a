--- `util.*`: tools that need no daemon.
local errc = require('engine.errc')
local exver = require('lib.exver')
local json = require('engine.json')
local rpc = require('lib.rpc')
local term = require('engine.term')

local RELATIONS = { [-1] = 'less', [0] = 'equal', [1] = 'greater' }

local READERS = { version = exver.plain, exver = exver.version, range = exver.range }

local function compare(a, b)
  local relation, err = exver.compare(a, b)
  if err then return nil end
  return relation and RELATIONS[relation] or json.null
end

local function parse(kind, text)
  local read = READERS[kind] and READERS[kind](text)
  return read and exver.print(kind == 'version' and read.upstream or read)
end

local function normalize(range)
  local normal = exver.normalize(range)
  return normal and exver.print(normal)
end

local OPERATIONS = { compare = { compare, 2 }, satisfies = { exver.satisfies, 2 },
  parse = { parse, 2 }, normalize = { normalize, 1 } }

local function is_case(case, count)
  if type(case.args) ~= 'table' or #case.args ~= count then return false end
  for _, argument in ipairs(case.args) do
    if type(argument) ~= 'string' then return false end
  end
  return true
end

--- The answer to one line; text that cannot be read is 'error'.
local function answer(line)
  local case = json.decode(line)
  local operation = type(case) == 'table' and OPERATIONS[case.op]
  if not operation or not is_case(case, operation[2]) then
    return nil, errc.new('usage', ('this is no question about versions: %s'):format(line),
      { hint = 'ask like {"op":"satisfies","args":["1.2:0","^1"]}' })
  end
  local result = operation[1](unpack(case.args))
  if result == nil then return 'error' end
  return result
end

local function answer_all()
  local text, err = term.read_stdin()
  if not text then return nil, err end
  local answers = json.array()
  for line in text:gmatch('[^\n]+') do
    local one, wrong = answer(line)
    if one == nil then return nil, wrong end
    answers[#answers + 1] = one
  end
  return answers
end

local function show(_params, answers, out)
  for _, each in ipairs(answers) do
    out:line(json.encode(each))
  end
end

return rpc.parent():with_about('about.util')
  :with_context('CliContext')
  :subcommand('exver', rpc.from_fn_async(answer_all)
    :with_context('CliContext')
    :with_custom_display_fn(show)
    :with_about('about.util.exver'))
