--- Messages: dotted kebab-case keys, `%{name}` placeholders, one table per locale.
local names = require('lib.names')

local M = {}

--- Spelt out, so that tools see the modules.
local CATALOGS = {
  en_US = function() return require('locales.en_US') end,
  de_DE = function() return require('locales.de_DE') end,
  es_ES = function() return require('locales.es_ES') end,
  fr_FR = function() return require('locales.fr_FR') end,
  pl_PL = function() return require('locales.pl_PL') end,
}

local FALLBACK = 'en_US'

--- What was loaded, and what extensions added to it.
local known = {}

--- The locales there are, fallback first.
M.LOCALES = { 'en_US', 'de_DE', 'es_ES', 'fr_FR', 'pl_PL' }

--- The messages of a locale; nil where locales are not installed (inside containers).
---@param locale string
---@return table<string, string>?
function M.catalog(locale)
  if known[locale] then return known[locale] end
  local load = CATALOGS[locale]
  if not load then return nil end
  local fine, catalog = pcall(load)
  known[locale] = fine and catalog or nil
  return known[locale]
end

--- Adds messages while scripts are loaded. Gives the first key that is there already with another
--- text, if one is: then nothing was added.
---@param locale string
---@param messages table<string, string>
---@return string? clash
function M.extend(locale, messages)
  local catalog = M.catalog(locale) or {}
  local merged = {}
  for key, text in pairs(catalog) do
    merged[key] = text
  end
  for key, text in pairs(messages) do
    if catalog[key] ~= nil and catalog[key] ~= text then return key end
    merged[key] = text
  end
  known[locale] = merged
  return nil
end

--- Whether the text has the form of a key: `about.package.start`.
---@param text string
---@return boolean
function M.is_key(text) return text:find('^[%l%d-]+%.[%l%d.-]+$') ~= nil end

--- Whether the fallback locale has the key; nil when no locale is installed.
---@param key string
---@return boolean?
function M.has(key)
  local catalog = M.catalog(FALLBACK)
  if not catalog then return nil end
  return catalog[key] ~= nil
end

--- What to do about a key that is missing in a locale.
---@param key string
---@return string
function M.mend(key)
  local catalog = M.catalog(FALLBACK) or {}
  local near = not catalog[key] and names.nearest(key, names.sorted_keys(catalog))
  return (near and ("did you mean '%s'? If not, "):format(near) or '')
    .. 'add it to extensions/locales, or to scripts/locales and its sisters'
end

--- The locale to use for a wish such as `de_DE.UTF-8`: exact, else the same language, else en_US.
---@param wish string?
---@return string
function M.match(wish)
  local name = (wish or ''):match('^[^.@]*')
  if CATALOGS[name] then return name end
  local language = name:match('^%a+')
  for _, locale in ipairs(M.LOCALES) do
    if language and locale:sub(1, #language + 1) == language .. '_' then return locale end
  end
  return FALLBACK
end

--- The locale of an environment: LC_ALL, LC_MESSAGES, LANG; the first that is set decides.
---@param getenv fun(name: string): string?
---@return string
function M.pick(getenv)
  for _, name in ipairs({ 'LC_ALL', 'LC_MESSAGES', 'LANG' }) do
    local value = getenv(name)
    if value and value ~= '' then return M.match(value) end
  end
  return FALLBACK
end

--- Of a text by locale, as manifests hold them, the one for a locale: that very one, else the first
--- of its language, else the first there is. A plain text is for every locale.
---@param text string|table<string, string>
---@param locale string
---@return string?
function M.choose(text, locale)
  if type(text) ~= 'table' then return text end
  if text[locale] then return text[locale] end
  local language, keys = locale:match('^[^_]*') .. '_', names.sorted_keys(text)
  for _, key in ipairs(keys) do
    if key:sub(1, #language) == language then return text[key] end
  end
  return text[keys[1]]
end

--- Replaces `%{name}` by the argument of that name; unknown names stay.
---@param text string
---@param args? table<string, any>
---@return string
function M.fill(text, args)
  if not args then return text end
  return (text:gsub('%%{([%w_-]+)}', function(name)
    if args[name] ~= nil then return tostring(args[name]) end
  end))
end

--- Of forms divided by `|` the one for an amount: one and more; in Polish one, few and many. Where
--- a form is missing the last one stands for it: a locale may have a text of another's.
---@param forms string
---@param count number
---@param locale? string
---@return string
function M.plural(forms, count, locale)
  local list = {}
  for form in (forms .. '|'):gmatch('(.-)|') do
    list[#list + 1] = form
  end
  local language = M.match(locale):sub(1, 2)
  if count == 1 or (count == 0 and language == 'fr') then return list[1] end
  if language ~= 'pl' then return list[2] or list[1] end
  local ones, tens = count % 10, count % 100
  local few = ones >= 2 and ones <= 4 and (tens < 12 or tens > 14)
  return list[few and 2 or 3] or list[#list]
end

--- The message of a key in a locale as it is written there; nil where it is not installed.
---@param key string
---@param locale string
---@return string?
function M.known(key, locale)
  local catalog = M.catalog(M.match(locale))
  return catalog and catalog[key]
end

--- The message of a key in a locale, else in en_US, else the key itself.
---@param key string
---@param args? table<string, any>
---@param locale? string
---@return string
function M.text(key, args, locale)
  local catalog = M.catalog(M.match(locale))
  local text = catalog and catalog[key]
  if not text then
    local fallback = M.catalog(FALLBACK)
    text = fallback and fallback[key]
  end
  return M.fill(text or key, args)
end

--- The message of a key in the language of the caller.
---@param call table What a handler gets
---@param key string
---@param args? table<string, any>
---@return string
function M.say(call, key, args) return M.text(key, args, call.locale) end

--- The key of the label of an error kind.
---@param kind string `not_found`
---@return string key `error.not-found`
function M.error_key(kind) return 'error.' .. kind:gsub('_', '-') end

--- The short labels of error kinds, for whoever must name them without a VM: the daemon puts the
--- label of the caller's locale into `error.message`.
---@return table<string, table<string, string>> labels locale → kind (`not_found`) → label
function M.error_labels()
  local labels = {}
  for _, locale in ipairs(M.LOCALES) do
    local of = {}
    for key, text in pairs(M.catalog(locale) or {}) do
      local kind = key:match('^error%.([%l%d-]+)$')
      if kind then of[(kind:gsub('-', '_'))] = text end
    end
    labels[locale] = of
  end
  return labels
end

return M
