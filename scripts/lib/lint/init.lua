--- Static checks of one Lua file: names that do not exist, that nobody uses, that hide others.
---
--- Problems are `{line, column, message, mend, severity}`, in the order of the text.
local names = require('lib.names')
local parser = require('lib.lint.parser')

local M = {}

---@class lib.lint.Problem
---@field line integer
---@field column integer
---@field message string
---@field mend string
---@field severity 'error'|'warning' An error fails when the line runs

---@class lib.lint.World What there is outside of the file
---@field globals table<string, any> Names and values
---@field modules? fun(name: string): boolean|table|nil nil: there is none; a table: its fields
---@field allows? fun(name: string): boolean Whether this file may require an engine module
---@field has_key? fun(key: string): string? The locale that lacks the key
---@field is_key? fun(text: string): boolean
---@field mend_key? fun(key: string): string What to do about one that is missing

--- The name of the list that was probably meant.
local function nearest(name, list)
  for _, other in ipairs(list) do
    local shorter, longer = name, other
    if #shorter > #longer then
      shorter, longer = longer, shorter
    end
    if #longer - #shorter <= 1 and #shorter >= 3 then
      local head = 0
      while shorter:byte(head + 1) and shorter:byte(head + 1) == longer:byte(head + 1) do
        head = head + 1
      end
      local rest, other_rest = shorter:sub(head + 1), longer:sub(head + 2)
      -- One letter too many, one too few, one wrong, or two that changed places.
      if rest == other_rest or rest:sub(2) == other_rest and #shorter == #longer
        or #shorter == #longer and rest:sub(1, 2):reverse() == longer:sub(head + 1, head + 2)
        and rest:sub(3) == longer:sub(head + 3) then
        return other
      end
    end
  end
  return nil
end

local function suggestion(name, list)
  local meant = nearest(name, list)
  return meant and ("did you mean '%s'?"):format(meant)
end

local function keys_of(value)
  local list = {}
  for key in pairs(value) do
    if type(key) == 'string' then list[#list + 1] = key end
  end
  table.sort(list)
  return list
end

local Check = {}
Check.__index = Check

function Check:add(at, severity, message, mend)
  if self.notes.ignored[at.line] then return end
  self.problems[#self.problems + 1] = { line = at.line, column = at.column, severity = severity,
    message = message, mend = mend }
end

local MENDS = {
  argument = 'remove it, or call it _%s',
  ['loop variable'] = 'call it _%s',
  variable = 'remove it, or call it _%s',
  ['function'] = 'remove it',
}

function Check:variables()
  for _, variable in ipairs(self.notes.variables) do
    local name = variable.name
    if not variable.read and not name:find('^_') then
      if variable.kind == 'vararg' then
        self:add(variable, 'warning', "unused '...'", 'remove it')
      elseif variable.written then
        self:add(variable, 'warning', ("%s '%s' is written but never read"):format(variable.kind,
          name), 'remove it')
      else
        self:add(variable, 'warning', ("unused %s '%s'"):format(variable.kind, name),
          MENDS[variable.kind]:format(name))
      end
    end
  end
end

function Check:shadows()
  for _, shadow in ipairs(self.notes.shadows) do
    local over, by = shadow.over, shadow.by
    if by.kind ~= 'vararg' and not by.name:find('^_') and over.line then
      self:add(by, 'warning', ("%s '%s' hides the %s of line %d"):format(by.kind, by.name,
        over.kind, over.line), 'rename one of them')
    end
  end
end

function Check:globals()
  for _, global in ipairs(self.notes.globals) do
    local known = rawget(self.world.globals, global.name) ~= nil
    if global.written then
      self:add(global, 'error', ("assignment to the global '%s'"):format(global.name),
        known and 'globals are shared by all scripts: give it another, local name'
        or 'declare it: local ' .. global.name)
    elseif not known then
      self:add(global, 'error', ("there is no '%s'"):format(global.name),
        suggestion(global.name, self.global_names) or 'declare it local, or require its module')
    end
  end
end

function Check:field(field, owner, value)
  if type(value) ~= 'table' or value[field.name] ~= nil then return end
  self:add(field, 'error', ("%s has no '%s'"):format(owner, field.name),
    suggestion(field.name, keys_of(value)) or 'it has ' .. table.concat(keys_of(value), ', '))
end

function Check:fields()
  for _, field in ipairs(self.notes.fields) do
    local of = field.of
    if type(of) == 'string' then
      local value = rawget(self.world.globals, of)
      if of ~= '_G' then self:field(field, of, value) end
    elseif of.module and not of.written and of.module:find('^engine%.') then
      self:field(field, of.module, self.world.modules(of.module))
    end
  end
end

function Check:requires()
  for _, required in ipairs(self.notes.requires) do
    local name = required.module
    if self.world.modules(name) == nil then
      self:add(required, 'error', ("there is no module '%s'"):format(name),
        name:find('^engine%.') and 'the engine offers no such module'
        or ('no %s.lua and no %s/init.lua among the scripts'):format(name:gsub('%.', '/'),
          (name:gsub('%.', '/'))))
    elseif name:find('^engine%.') and self.world.allows and not self.world.allows(name) then
      self:add(required, 'error', ("this folder may not require '%s'"):format(name),
        'package.lua lists what it may: see `requires` there')
    end
  end
end

function Check:key(at, key)
  local lacking = self.world.has_key and self.world.has_key(key)
  if lacking then
    self:add(at, 'error', ("locale key '%s' is missing in %s"):format(key, lacking),
      self.world.mend_key and self.world.mend_key(key) or 'add it to the locale files')
  end
end

function Check:texts()
  for _, call in ipairs(self.notes.calls) do
    if call.method == 'with_about' then self:key(call, call.text) end
  end
  for _, assigned in ipairs(self.notes.assigned) do
    if assigned.name == 'help' and self.world.is_key and self.world.is_key(assigned.text) then
      self:key(assigned, assigned.text)
    end
  end
end

local function by_place(a, b)
  if a.line ~= b.line then return a.line < b.line end
  if a.column ~= b.column then return a.column < b.column end
  return a.message < b.message
end

--- Checks a text that compiles.
---@param text string
---@param world lib.lint.World
---@return lib.lint.Problem[]
function M.check(text, world)
  local self = setmetatable({ notes = parser.notes(text), world = world, problems = {},
    global_names = names.sorted_keys(world.globals) }, Check)
  self:variables()
  self:shadows()
  self:globals()
  if world.modules then
    self:fields()
    self:requires()
  end
  self:texts()
  table.sort(self.problems, by_place)
  return self.problems
end

return M
