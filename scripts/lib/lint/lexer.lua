--- Cuts Lua text into tokens. Text that LuaJIT compiles is assumed: what does not compile is found
--- by the compiler before, with a better message.
local M = {}

---@class lib.lint.Token
---@field type 'name'|'keyword'|'string'|'number'|'op'|'end'
---@field text string Of strings: what is between the quotes
---@field line integer
---@field column integer

local KEYWORDS = {}
for word in ('and break do else elseif end false for function goto if in local nil not or repeat '
  .. 'return then true until while'):gmatch('%a+') do
  KEYWORDS[word] = true
end

local LONG_OPERATORS = { ['...'] = true, ['..'] = true, ['=='] = true, ['~='] = true, ['<='] = true,
  ['>='] = true, ['::'] = true }

local Lexer = {}
Lexer.__index = Lexer

--- Counts the lines up to `to`.
local function advance(self, to)
  while true do
    local newline = self.text:find('\n', self.counted, true)
    if not newline or newline >= to then return end
    self.line, self.counted = self.line + 1, newline + 1
    self.line_start = newline + 1
  end
end

local function long_end(text, at)
  local level = text:match('^%[(=*)%[', at)
  if not level then return nil end
  local _, last = text:find(']' .. level .. ']', at, true)
  return last or #text, #level + 2
end

local function short_string_end(text, at)
  local quote, from = text:sub(at, at), at + 1
  while true do
    local found = text:find('[\\' .. quote .. '\n]', from)
    if not found then return #text end
    local char = text:sub(found, found)
    if char ~= '\\' then return found end
    from = text:sub(found + 1, found + 1) == 'z' and (text:find('%S', found + 2) or #text)
      or found + 2
  end
end

local function comment(self, at)
  local last = long_end(self.text, at + 2)
  if last then return last + 1 end
  local stop = self.text:find('\n', at, true) or #self.text + 1
  if self.text:sub(at, stop - 1):find('luacheck: *ignore') then
    advance(self, at)
    self.ignored[self.line] = true
  end
  return stop
end

--- Skips blanks and comments.
local function skip(self)
  while true do
    self.at = self.text:find('%S', self.at) or #self.text + 1
    if self.text:sub(self.at, self.at + 1) ~= '--' then return end
    self.at = comment(self, self.at)
  end
end

local function classify(text, at)
  local word = text:match('^[%a_][%w_]*', at)
  if word then return KEYWORDS[word] and 'keyword' or 'name', at + #word - 1 end
  if text:find('^%.?%d', at) then
    local number = text:match('^0[xX][%x%.]*[pP]?[%w]*', at)
      or text:match('^[%d%.]+[eE][+-]?%w*', at) or text:match('^[%d%.]+%a*', at)
    return 'number', at + #number - 1
  end
  local last, lead = long_end(text, at)
  if last then return 'string', last, lead end
  if text:find('^["\']', at) then return 'string', short_string_end(text, at), 1 end
  for size = 3, 2, -1 do
    if LONG_OPERATORS[text:sub(at, at + size - 1)] then return 'op', at + size - 1 end
  end
  return 'op', at
end

--- The next token.
---@return lib.lint.Token
function Lexer:next()
  skip(self)
  advance(self, self.at)
  local token = { line = self.line, column = self.at - self.line_start + 1 }
  if self.at > #self.text then
    token.type, token.text = 'end', ''
    return token
  end
  local kind, last, lead = classify(self.text, self.at)
  token.type = kind
  token.text = lead and self.text:sub(self.at + lead, last - lead) or self.text:sub(self.at, last)
  self.at = last + 1
  return token
end

---@param text string
function M.new(text)
  local start = text:match('^#[^\n]*()') or 1
  return setmetatable({ text = text, at = start, line = 1, counted = 1, line_start = 1,
    ignored = {} }, Lexer)
end

return M
