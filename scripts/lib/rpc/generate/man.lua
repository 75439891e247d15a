--- Manual pages of the commands, one for each node of the command tree, in man(7) macros.
local i18n = require('lib.i18n')
local methods_of = require('lib.rpc.generate.methods')
local reference = require('lib.rpc.generate.reference')

local M = {}

--- Text that is no macro and keeps its signs.
local function plain(text)
  local out = text:gsub('\\', '\\e'):gsub('%-', '\\-'):gsub('\n', ' ')
  return (out:gsub("^[.']", '\\&%0'))
end

local function bold(text) return '\\fB' .. plain(text) .. '\\fR' end

local function italic(text) return '\\fI' .. plain(text) .. '\\fR' end

--- The name of a page: `moon-cli-package-start`.
---@param command lib.rpc.generate.Command
---@return string
function M.name(command) return table.concat(command.words, '-') end

local function option_head(argument)
  local names = {}
  for _, name in ipairs({ argument.short or false, argument.long or false }) do
    if name then names[#names + 1] = bold(name) end
  end
  local head = table.concat(names, ', ')
  return argument.kind == 'option' and head .. ' ' .. italic(argument.name) or head
end

local function notes(argument, say)
  local list = {}
  if argument.choices then list[1] = table.concat(argument.choices, ', ') end
  if argument.default ~= nil then
    list[#list + 1] = ('%s: %s'):format(say('default'), tostring(argument.default))
  end
  if argument.kind == 'option' and argument.required then list[#list + 1] = say('required') end
  if argument.kind == 'option' and argument.repeated then list[#list + 1] = say('repeatable') end
  return #list > 0 and (' [%s]'):format(table.concat(list, '; ')) or ''
end

local function add_arguments(lines, title, list, say)
  if #list == 0 then return end
  lines[#lines + 1] = '.SH ' .. plain(title:upper())
  for _, argument in ipairs(list) do
    lines[#lines + 1] = '.TP'
    lines[#lines + 1] = argument.kind == 'positional' and italic(argument.name)
      or option_head(argument)
    lines[#lines + 1] = plain((argument.help or '') .. notes(argument, say))
  end
end

local function of_kind(arguments, positional)
  local list = {}
  for _, argument in ipairs(arguments) do
    if (argument.kind == 'positional') == positional then list[#list + 1] = argument end
  end
  return list
end

local function add_commands(lines, command, say)
  if #command.node.subcommands == 0 then return end
  lines[#lines + 1] = '.SH ' .. plain(say('commands'):upper())
  for _, child in ipairs(command.node.subcommands) do
    lines[#lines + 1] = '.TP\n' .. bold(child.name)
    lines[#lines + 1] = plain(child.about)
  end
end

local function add_examples(lines, command, say)
  if not command.node.examples then return end
  lines[#lines + 1] = '.SH ' .. plain(say('examples'):upper()) .. '\n.EX'
  for _, example in ipairs(command.node.examples) do
    lines[#lines + 1] = plain(example)
  end
  lines[#lines + 1] = '.EE'
end

local function see_also(command)
  local list = {}
  if #command.words > 1 then
    list[1] = table.concat(command.words, '-', 1, #command.words - 1)
  end
  for _, child in ipairs(command.node.subcommands) do
    list[#list + 1] = M.name(command) .. '-' .. child.name
  end
  for i, name in ipairs(list) do
    list[i] = bold(name) .. '(1)'
  end
  return table.concat(list, ',\n')
end

--- One page.
---@param command lib.rpc.generate.Command
---@param options {version: string, labels: table<string, string>, globals: table[]}
---@return string roff
function M.page(command, options)
  local function say(word) return options.labels[word] or word end
  local node, name = command.node, M.name(command)
  local about = node.about ~= '' and node.about or i18n.text('about.moon-cli')
  local usage = reference.command_line(command)
  if #node.subcommands > 0 then usage = usage .. (node.callable and ' [COMMAND]' or ' COMMAND') end
  local lines = {
    ('.TH "%s" "1" "" "moonbox %s" "moonbox"'):format(plain(name:upper()), plain(options.version)),
    '.SH NAME', ('%s \\- %s'):format(plain(name), plain(about)),
    '.SH SYNOPSIS', bold(usage),
  }
  add_arguments(lines, say('arguments'), of_kind(node.args, true), say)
  add_arguments(lines, say('options'), of_kind(node.args, false), say)
  if #command.words == 1 then
    add_arguments(lines, say('options-of-every-command'), options.globals, say)
  end
  add_commands(lines, command, say)
  add_examples(lines, command, say)
  local more = see_also(command)
  if more ~= '' then lines[#lines + 1] = '.SH SEE ALSO\n' .. more end
  return table.concat(lines, '\n') .. '\n'
end

--- Every page by its name.
---@param tree table As `cli.describe` gives it
---@param options {version: string, globals: table[]}
---@return table<string, string>
function M.pages(tree, options)
  local pages = {}
  for _, command in ipairs(methods_of.commands(tree)) do
    pages[M.name(command)] = M.page(command, {
      version = options.version, globals = options.globals, labels = tree.labels,
    })
  end
  return pages
end

return M
