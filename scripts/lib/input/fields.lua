--- The kinds of form fields: which options each takes, and their names on the wire.
local M = {}

---@class lib.input.Option
---@field wire string Name on the wire
---@field type type|'any'

local function option(wire, kind) return { wire = wire, type = kind } end

local COMMON = {
  name = option('name', 'string'), description = option('description', 'string'),
  warning = option('warning', 'string'), footnote = option('footnote', 'string'),
  disabled = option('disabled', 'any'), immutable = option('immutable', 'boolean'),
  required = option('required', 'boolean'), default = option('default', 'any'),
}

local PATTERN = {
  pattern = option('pattern', 'string'), pattern_hint = option('patternDescription', 'string'),
  placeholder = option('placeholder', 'string'), generate = option('generate', 'any'),
}

local LENGTH = {
  min_length = option('minLength', 'number'), max_length = option('maxLength', 'number'),
}

local VALUES = { values = option('values', 'table') }

local GROUPS = {
  text = { PATTERN, LENGTH, { masked = option('masked', 'boolean'),
    inputmode = option('inputmode', 'string') } },
  textarea = { PATTERN, LENGTH, { min_rows = option('minRows', 'number'),
    max_rows = option('maxRows', 'number') } },
  number = { { min = option('min', 'number'), max = option('max', 'number'),
    integer = option('integer', 'boolean'), step = option('step', 'number'),
    units = option('units', 'string'), placeholder = option('placeholder', 'string') } },
  color = {},
  datetime = { { inputmode = option('inputmode', 'string'), min = option('min', 'string'),
    max = option('max', 'string') } },
  toggle = {},
  tri_state = {},
  select = { VALUES },
  multiselect = { VALUES, LENGTH },
  list = { LENGTH, { of = option('spec', 'table'), unique_by = option('uniqueBy', 'any'),
    display_as = option('displayAs', 'string') } },
  object = { { spec = option('spec', 'table') } },
  union = { { variants = option('variants', 'table') } },
  hidden = {},
}

--- What a kind cannot be without.
M.NEEDED = {
  select = 'values', multiselect = 'values', list = 'of', object = 'spec', union = 'variants',
}

--- Kind → option → how it is called and typed.
---@type table<string, table<string, lib.input.Option>>
M.OPTIONS = {}

--- The kind as the wire spells it, and back.
M.WIRE_KIND, M.KIND = {}, {}

for kind, groups in pairs(GROUPS) do
  local known = {}
  for key, value in pairs(COMMON) do
    known[key] = value
  end
  for _, group in ipairs(groups) do
    for key, value in pairs(group) do
      known[key] = value
    end
  end
  M.OPTIONS[kind] = known
  M.WIRE_KIND[kind] = kind == 'tri_state' and 'triState' or kind
  M.KIND[M.WIRE_KIND[kind]] = kind
end

return M
