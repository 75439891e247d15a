--- Walks through Lua text once, keeping scopes, and notes what is declared, read and written.
---
--- No tree is built: rules about names need none.
local lexer = require('lib.lint.lexer')

local M = {}

---@class lib.lint.Variable
---@field name string
---@field kind 'variable'|'argument'|'loop variable'|'function'|'vararg'
---@field line integer
---@field column integer
---@field read boolean
---@field written boolean After its declaration
---@field module string? What it was `require`d from

---@class lib.lint.Notes
---@field variables lib.lint.Variable[]
---@field shadows {over: lib.lint.Variable, by: lib.lint.Variable}[]
---@field globals {name: string, line: integer, column: integer, written: boolean}[]
---@field fields {of: lib.lint.Variable|string, name: string, line: integer, column: integer}[] `of`
---   is a variable, or the name of a global
---@field requires {module: string, line: integer, column: integer}[]
---@field calls {method: string, text: string, line: integer, column: integer}[] `x:method('text')`
---@field assigned {name: string, text: string, line: integer, column: integer}[] `name = 'text'` in
---   a table
---@field ignored table<integer, boolean> Lines with `luacheck: ignore`

local Parser = {}
Parser.__index = Parser

local UNARY = { ['-'] = true, ['#'] = true, ['not'] = true }
local BINARY = { ['+'] = true, ['-'] = true, ['*'] = true, ['/'] = true, ['%'] = true, ['^'] = true,
  ['..'] = true, ['=='] = true, ['~='] = true, ['<'] = true, ['<='] = true, ['>'] = true,
  ['>='] = true, ['and'] = true, ['or'] = true }
local BLOCK_END = { ['end'] = true, ['else'] = true, ['elseif'] = true, ['until'] = true }

function Parser:advance()
  local token = self.token
  self.token, self.peeked = self.peeked or self.lexer:next(), nil
  return token
end

function Parser:peek()
  self.peeked = self.peeked or self.lexer:next()
  return self.peeked
end

function Parser:is(text)
  local kind = self.token.type
  return self.token.text == text and (kind == 'op' or kind == 'keyword')
end

function Parser:accept(text) return self:is(text) and self:advance() or nil end

-- The compiler has accepted the text, so this is a fault of the parser: better no answer.
function Parser:expect(text)
  if not self:is(text) then
    error(('lint: line %d: %s expected'):format(self.token.line, text), 0)
  end
  return self:advance()
end

function Parser:open(is_function)
  self.scope = { outer = self.scope, names = {}, is_function = is_function }
end

function Parser:close() self.scope = self.scope.outer end

local function lookup(scope, name)
  while scope do
    if scope.names[name] then return scope.names[name] end
    scope = scope.outer
  end
  return nil
end

function Parser:declare(token, kind)
  local name = token.text
  local variable = { name = name, kind = kind, line = token.line, column = token.column,
    read = false, written = false }
  local over = lookup(self.scope, name)
  if over then
    self.notes.shadows[#self.notes.shadows + 1] = { over = over, by = variable }
  end
  self.scope.names[name] = variable
  self.notes.variables[#self.notes.variables + 1] = variable
  return variable
end

function Parser:note_global(token, written)
  self.notes.globals[#self.notes.globals + 1] =
    { name = token.text, line = token.line, column = token.column, written = written }
end

--- An expression is used for its value.
function Parser:read(found)
  if found.kind ~= 'name' then return end
  local variable = lookup(self.scope, found.token.text)
  if variable then
    variable.read = true
  else
    self:note_global(found.token, false)
  end
end

function Parser:write(found)
  if found.kind ~= 'name' then return end
  local variable = lookup(self.scope, found.token.text)
  if variable then
    variable.written = true
  else
    self:note_global(found.token, true)
  end
end

function Parser:note_field(found, token)
  local of = found.kind == 'name' and (lookup(self.scope, found.token.text) or found.token.text)
    or found.module and { module = found.module }
  if not of then return end
  self.notes.fields[#self.notes.fields + 1] =
    { of = of, name = token.text, line = token.line, column = token.column }
end

function Parser:list()
  local first = self:expression()
  local count = 1
  while self:accept(',') do
    self:expression()
    count = count + 1
  end
  return first, count
end

local function table_item(self)
  if self:accept('[') then
    self:expression()
    self:expect(']')
    self:expect('=')
    return self:expression()
  end
  local key = self.token
  if key.type == 'name' and self:peek().text == '=' and self:peek().type == 'op' then
    self:advance()
    self:advance()
    local value = self.token
    local found = self:expression()
    if found.kind == 'string' then
      self.notes.assigned[#self.notes.assigned + 1] =
        { name = key.text, text = value.text, line = value.line, column = value.column }
    end
    return nil
  end
  return self:expression()
end

function Parser:table()
  self:expect('{')
  while not self:is('}') do
    table_item(self)
    if not (self:accept(',') or self:accept(';')) then break end
  end
  self:expect('}')
end

--- Parameters and body, from `(` to `end`.
function Parser:body(with_self)
  self:open(true)
  if with_self then self.scope.names.self = { read = true } end
  self:expect('(')
  while not self:is(')') do
    if self:is('...') then
      local vararg = self:declare(self:advance(), 'vararg')
      vararg.name = '...'
    else
      self:declare(self:advance(), 'argument')
    end
    self:accept(',')
  end
  self:expect(')')
  self:block()
  self:expect('end')
  self:close()
end

local function arguments(self)
  local token = self.token
  if token.type == 'string' then
    self:advance()
    return token
  end
  if self:is('{') then
    self:table()
    return nil
  end
  self:expect('(')
  local only
  if not self:is(')') then
    local first = self.token
    local found, count = self:list()
    only = found.kind == 'string' and count == 1 and first or nil
  end
  self:expect(')')
  return only
end

local function call(self, found)
  local text = arguments(self)
  local is_require = text and found.kind == 'name' and found.token.text == 'require'
    and not lookup(self.scope, 'require')
  if not is_require then return { kind = 'call' } end
  self.notes.requires[#self.notes.requires + 1] =
    { module = text.text, line = text.line, column = text.column }
  return { kind = 'call', module = text.text }
end

local function method_call(self)
  local method = self:advance()
  local text = arguments(self)
  if text then
    self.notes.calls[#self.notes.calls + 1] =
      { method = method.text, text = text.text, line = text.line, column = text.column }
  end
  return { kind = 'call' }
end

function Parser:primary()
  if self:accept('(') then
    self:expression()
    self:expect(')')
    return { kind = 'value' }
  end
  return { kind = 'name', token = self:advance() }
end

--- A name or parentheses with all that follows: fields, indices, calls. Its last step is not read
--- yet: it may be written.
function Parser:suffixed()
  local found = self:primary()
  while true do
    if self:accept('.') then
      self:read(found)
      self:note_field(found, self:advance())
      found = { kind = 'index' }
    elseif self:accept('[') then
      self:read(found)
      self:expression()
      self:expect(']')
      found = { kind = 'index' }
    elseif self:accept(':') then
      self:read(found)
      found = method_call(self)
    elseif self:is('(') or self:is('{') or self.token.type == 'string' then
      self:read(found)
      found = call(self, found)
    else
      return found
    end
  end
end

function Parser:simple()
  local token = self.token
  if token.type == 'string' then
    self:advance()
    return { kind = 'string' }
  end
  if token.type == 'number' or self:is('nil') or self:is('true') or self:is('false') then
    self:advance()
    return { kind = 'value' }
  end
  if self:accept('...') then
    local vararg = lookup(self.scope, '...')
    if vararg then vararg.read = true end
    return { kind = 'value' }
  end
  if self:is('{') then
    self:table()
    return { kind = 'value' }
  end
  if self:accept('function') then
    self:body()
    return { kind = 'function' }
  end
  local found = self:suffixed()
  self:read(found)
  return found
end

--- Precedence does not matter to names.
function Parser:expression()
  while UNARY[self.token.text] and self.token.type ~= 'string' do
    self:advance()
  end
  local found = self:simple()
  while BINARY[self.token.text] and self.token.type ~= 'string' do
    self:advance()
    while UNARY[self.token.text] and self.token.type ~= 'string' do
      self:advance()
    end
    self:simple()
    found = { kind = 'value' }
  end
  return found
end

function Parser:scoped_block()
  self:open()
  self:block()
  self:close()
end

local function local_function(self)
  self:declare(self:advance(), 'function')
  self:body()
end

local function local_statement(self)
  if self:accept('function') then return local_function(self) end
  local names = { self:advance() }
  while self:accept(',') do
    names[#names + 1] = self:advance()
  end
  local first, count
  if self:accept('=') then first, count = self:list() end
  for i, token in ipairs(names) do
    local variable = self:declare(token, 'variable')
    variable.bare = first == nil
    if i == 1 and count == 1 then variable.module = first.module end
  end
end

local function function_statement(self)
  local found = { kind = 'name', token = self:advance() }
  local plain, with_self = true, false
  while self:is('.') or self:is(':') do
    with_self = self:is(':')
    if plain then self:read(found) end
    self:advance()
    self:advance()
    plain = false
  end
  if plain then self:write(found) end
  self:body(with_self)
end

local function for_statement(self)
  local names = { self:advance() }
  while self:accept(',') do
    names[#names + 1] = self:advance()
  end
  if not self:accept('=') then self:expect('in') end
  self:list()
  self:expect('do')
  self:open()
  for _, token in ipairs(names) do
    self:declare(token, 'loop variable')
  end
  self:block()
  self:expect('end')
  self:close()
end

local function if_statement(self)
  repeat
    self:expression()
    self:expect('then')
    self:scoped_block()
  until not self:accept('elseif')
  if self:accept('else') then self:scoped_block() end
  self:expect('end')
end

local function while_statement(self)
  self:expression()
  self:expect('do')
  self:scoped_block()
  self:expect('end')
end

-- The condition sees the locals of the body.
local function repeat_statement(self)
  self:open()
  self:block()
  self:expect('until')
  self:expression()
  self:close()
end

local function do_statement(self)
  self:scoped_block()
  self:expect('end')
end

local function return_statement(self)
  if BLOCK_END[self.token.text] or self:is(';') or self.token.type == 'end' then return end
  self:list()
end

local KEYWORD_STATEMENTS = {
  ['local'] = local_statement, ['function'] = function_statement, ['for'] = for_statement,
  ['if'] = if_statement, ['while'] = while_statement, ['repeat'] = repeat_statement,
  ['do'] = do_statement, ['return'] = return_statement, ['break'] = function() end,
  ['goto'] = function(self) self:advance() end,
}

local function expression_statement(self)
  local targets = { self:suffixed() }
  if not (self:is(',') or self:is('=')) then return end
  while self:accept(',') do
    targets[#targets + 1] = self:suffixed()
  end
  self:expect('=')
  self:list()
  for _, target in ipairs(targets) do
    self:write(target)
  end
end

function Parser:statement()
  if self:accept(';') then return end
  if self:accept('::') then
    self:advance()
    self:expect('::')
    return
  end
  local keyword = self.token.type == 'keyword' and KEYWORD_STATEMENTS[self.token.text]
  if not keyword then return expression_statement(self) end
  self:advance()
  keyword(self)
end

function Parser:block()
  while self.token.type ~= 'end' and not (self.token.type == 'keyword'
    and BLOCK_END[self.token.text]) do
    self:statement()
  end
end

--- What a text declares, reads and writes. Raises on text that LuaJIT would not compile.
---@param text string
---@return lib.lint.Notes
function M.notes(text)
  local lex = lexer.new(text)
  local self = setmetatable({ lexer = lex, notes = { variables = {}, shadows = {}, globals = {},
    fields = {}, requires = {}, calls = {}, assigned = {}, ignored = lex.ignored } }, Parser)
  self:open(true)
  self.scope.names['...'] = { read = true }
  self:advance()
  self:block()
  if self.token.type ~= 'end' then
    error(('lint: line %d: end of the text expected'):format(self.token.line), 0)
  end
  return self.notes
end

return M
