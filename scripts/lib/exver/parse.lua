--- Versions and ranges from text: recursive descent with ordered choice.
---
--- The engine checks manifests by the same grammar and limits (engine/archive/version_syntax).
local integer = require('lib.exver.integer')
local range = require('lib.exver.range')

local M = {}

--- Parentheses and negations inside each other, and atoms tried in one range.
local MAX_NESTING, MAX_STEPS = 64, 2000

--- Two-letter operators before those they begin with.
local OPERATORS = { '>=', '<=', '>', '<', '=', '!=', '^', '~' }

---@class lib.exver.Parser
---@field text string
---@field at integer The next byte
---@field miss? {reason: string, at: integer} What stopped it furthest to the right
local Parser = {}
Parser.__index = Parser

local function parser(text)
  return setmetatable({ text = text, at = 1, depth = 0, steps = 0 }, Parser)
end

--- Notes why nothing matches here; the furthest note is what is wrong with the text.
function Parser:missed(reason, at)
  at = at or self.at
  if not self.miss or at > self.miss.at then self.miss = { reason = reason, at = at } end
  return nil
end

function Parser:back(to)
  self.at = to
  return nil
end

function Parser:literal(wanted)
  if self.text:sub(self.at, self.at + #wanted - 1) ~= wanted then return false end
  self.at = self.at + #wanted
  return true
end

--- What matches here, passed over; the pattern is anchored.
function Parser:take(pattern)
  local found = self.text:match(pattern, self.at)
  if found then self.at = self.at + #found end
  return found
end

function Parser:space() self:take('^[ \t\r\n]*') end

function Parser:ended() return self.at > #self.text end

function Parser:number()
  local start = self.at
  local digits = self:take('^%d+')
  if not digits then return self:missed('integer') end
  local value = integer.of(digits)
  if not value then return self:missed('too_large', start) end
  return value
end

function Parser:segment()
  local start = self.at
  local found = self:take('^[%w-]+')
  if not found then
    local bare = self:ended() or self.text:find('^[.:%s)|&]', self.at)
    return self:missed(bare and 'empty_segment' or 'segment_character')
  end
  if found:find('^0%d+$') then return self:missed('leading_zero', start) end
  return found
end

--- Parts joined by dots; nil when one of them is wrong.
function Parser:dotted(part)
  local parts = {}
  repeat
    local value = part(self)
    if not value then return nil end
    parts[#parts + 1] = value
  until not self:literal('.')
  return parts
end

---@return lib.exver.Plain?
function Parser:plain()
  local start = self.at
  local numbers = self:dotted(self.number)
  if not numbers then return self:back(start) end
  local prerelease = {}
  if self:literal('-') then
    prerelease = self:dotted(self.segment)
    if not prerelease then return self:back(start) end
  end
  return { numbers = numbers, prerelease = prerelease }
end

--- `#flavor:`, if it is here; false when it is begun and wrong.
function Parser:flavor_prefix()
  local start = self.at
  if not self:literal('#') then return '' end
  local name = self:take('^%l*')
  if self:literal(':') then return name end
  self:missed('flavor')
  self:back(start)
  return false
end

local ZERO = { numbers = { '0' }, prerelease = {} }

--- `needed`: the downstream part may not be left out.
---@return lib.exver.Version?
function Parser:spec(needed)
  local start = self.at
  local flavor = self:flavor_prefix()
  local upstream = flavor and self:plain()
  if not upstream then return self:back(start) end
  local upstream_end, downstream = self.at, nil
  if self:literal(':') then
    downstream = self:plain()
  elseif needed then
    self:missed(self:ended() and 'downstream' or self:stopped_in(upstream))
  end
  if not downstream then
    if needed then return self:back(start) end
    self.at = upstream_end
  end
  return { flavor = flavor ~= '' and flavor or nil, upstream = upstream,
    downstream = downstream or ZERO }
end

--- What a character that ends a plain version too soon is wrong for.
function Parser:stopped_in(plain)
  return #plain.prerelease > 0 and 'segment_character' or 'integer'
end

function Parser:anchor()
  local start, operator = self.at, '^'
  for _, each in ipairs(OPERATORS) do
    if self:literal(each) then
      operator = each
      self:space()
      break
    end
  end
  local version = self:spec(false)
  if version then return range.anchor(operator, version) end
  return self:back(start)
end

--- Runs `rule` one level deeper.
function Parser:deeper(rule)
  if self.depth == MAX_NESTING then return self:missed('nesting') end
  self.depth = self.depth + 1
  local found = rule(self)
  self.depth = self.depth - 1
  return found
end

function Parser:group()
  local start = self.at
  if not self:literal('(') then return nil end
  self:space()
  local inner = self:deeper(self.range)
  if not inner then return self:back(start) end
  self:space()
  if self:literal(')') then return inner end
  self:missed('parenthesis')
  return self:back(start)
end

function Parser:negation()
  local start = self.at
  if not self:literal('!') then return nil end
  self:space()
  local inner = self:deeper(self.atom)
  return inner and range.negation(inner) or self:back(start)
end

function Parser:atom()
  self.steps = self.steps + 1
  if self.steps > MAX_STEPS then return self:missed('steps') end
  local found = self:group() or self:anchor() or self:negation()
  if found then return found end
  if self:literal('*') then return range.ANY end
  if self:literal('!') then return range.NONE end
  if not self:literal('#') then return self:missed('atom') end
  local name = self:take('^%l*')
  return range.flavor(name ~= '' and name or nil)
end

--- Atoms, grouped to the left; juxtaposition is `&&`.
function Parser:range()
  local left = self:atom()
  while left do
    local start = self.at
    self:space()
    local kind = self:literal('||') and 'or' or 'and'
    if kind == 'or' or self:literal('&&') then self:space() end
    local right = self:atom()
    if not right then
      self.at = start
      return left
    end
    left = range.pair(kind, left, right)
  end
end

local WHAT = { plain = 'a plain version', version = 'a package version', range = 'a version range' }
local EXAMPLES = { plain = '1.2.3', version = '1.2.3:0', range = '>=1.2:0 && <2:0' }

local SENTENCES = {
  integer = 'a number is expected',
  too_large = 'the number does not fit 64 bits',
  empty_segment = 'a prerelease segment is empty',
  segment_character = 'a prerelease consists of letters, digits and "-"',
  leading_zero = 'a number in a prerelease begins with 0',
  flavor = 'a flavor is lower-case letters between "#" and ":"',
  downstream = 'the downstream part is missing (upstream:downstream)',
  parenthesis = 'a ")" is missing',
  nesting = 'it is nested too deeply',
  steps = 'it is too long',
  atom = 'a version, "*", "!", "#" or "(" is expected',
  trailing = 'it should end here',
}

--- The reasons callers may tell apart, by what was missed; for a range they are all `range`.
local REASONS = { too_large = 'integer', trailing = 'integer' }

local function problem(kind, text, miss)
  local where = miss.at > #text and 'at its end' or ('at byte %d'):format(miss.at)
  return nil, {
    code = 'parse_version',
    message = ("'%s' is not %s: %s, %s"):format(#text <= 80 and text or text:sub(1, 77) .. '...',
      WHAT[kind], SENTENCES[miss.reason], where),
    hint = ('write it like %s'):format(EXAMPLES[kind]),
    details = { text = text, position = miss.at,
      reason = kind == 'range' and 'range' or REASONS[miss.reason] or miss.reason },
  }
end

local function read(kind, text, rule)
  local state = parser(text)
  local found = rule(state)
  if found and state:ended() then return found end
  if found then state:missed('trailing') end
  return problem(kind, text, state.miss)
end

--- A plain version, such as that of an operating system.
---@param text string
---@return lib.exver.Plain?
---@return engine.Error? err `parse_version`; details {text, reason, position}
function M.plain(text)
  return read('plain', text, function(state)
    local found = state:plain()
    if found and not state:ended() then
      return state:missed(state:stopped_in(found))
    end
    return found
  end)
end

--- A package's version.
---@param text string
---@return lib.exver.Version?
---@return engine.Error? err `parse_version`
function M.version(text)
  return read('version', text, function(state)
    local found = state:spec(true)
    if found and not state:ended() and state.text:sub(state.at, state.at) ~= ':' then
      return state:missed(state:stopped_in(found.downstream))
    end
    return found
  end)
end

---@param text string
---@return lib.exver.Range?
---@return engine.Error? err `parse_version`
function M.range(text)
  return read('range', text, function(state) return state:range() end)
end

return M
