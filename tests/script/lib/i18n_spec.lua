local errc = require('engine.errc')
local file = require('engine.file')
local i18n = require('lib.i18n')

local function env(values) return function(name) return values[name] end end

describe('i18n', function()
  it('fills placeholders and leaves unknown ones', function()
    expect(i18n.fill('%{who} has %{n-1} of %{all}', { who = 'a', ['n-1'] = 2 }))
      :equals('a has 2 of %{all}')
    expect(i18n.fill('100% %{a}', { a = '%1' })):equals('100% %1')
  end)

  it('gives the text of the locale, else English, else the key', function()
    expect(i18n.text('about.server', nil, 'de_DE')):equals('Der Dienst selbst')
    expect(i18n.text('about.server')):equals('The daemon itself')
    expect(i18n.text('about.server', nil, 'xx_XX')):equals('The daemon itself')
    expect(i18n.text('about.server', nil, 'de-AT')):equals('Der Dienst selbst')
    expect(i18n.say({ locale = 'de_DE' }, 'about.server')):equals('Der Dienst selbst')
    expect(i18n.say({}, 'about.server')):equals('The daemon itself')
    expect(i18n.text('about.nothing', nil, 'de_DE')):equals('about.nothing')
    expect(i18n.text('Plain text')):equals('Plain text')
  end)

  it('matches exact names, then languages', function()
    expect(i18n.match('pl_PL.UTF-8')):equals('pl_PL')
    expect(i18n.match('en_GB.UTF-8')):equals('en_US')
    expect(i18n.match('de_AT@euro')):equals('de_DE')
    expect(i18n.match('fr')):equals('fr_FR')
    expect(i18n.match('C')):equals('en_US')
    expect(i18n.match('ja_JP')):equals('en_US')
    expect(i18n.match(nil)):equals('en_US')
  end)

  it('picks LC_ALL before LC_MESSAGES before LANG', function()
    local values = { LC_ALL = 'de_DE', LC_MESSAGES = 'fr_FR', LANG = 'pl_PL' }
    expect(i18n.pick(env(values))):equals('de_DE')
    values.LC_ALL = ''
    expect(i18n.pick(env(values))):equals('fr_FR')
    expect(i18n.pick(env({ LANG = 'pl_PL' }))):equals('pl_PL')
    expect(i18n.pick(env({}))):equals('en_US')
  end)

  it('counts as the language does', function()
    local forms = 'one|few|many'
    for locale, wanted in pairs({
      en_US = 'few one few few few few', fr_FR = 'one one few few few few',
      pl_PL = 'many one few many many few',
    }) do
      local said = {}
      for i, count in ipairs({ 0, 1, 3, 5, 12, 22 }) do
        said[i] = i18n.plural(forms, count, locale)
      end
      expect({ locale, table.concat(said, ' ') }):equals({ locale, wanted })
    end
    expect(i18n.plural('one|more', 2)):equals('more')
    -- An overlay may hold older Polish texts: what they lack is said in English.
    expect(i18n.plural('one|more', 5, 'pl_PL')):equals('more')
    expect(i18n.plural('any', 5, 'de_DE')):equals('any')
  end)

  it('knows keys from text', function()
    expect(i18n.is_key('about.package.start')):is_true()
    expect(i18n.is_key('Start a package.')):is_false()
    expect(i18n.is_key('word')):is_false()
  end)
end)

describe('locales', function()
  local english = i18n.catalog('en_US')

  local function placeholders(text)
    local found = {}
    for name in text:gmatch('%%{([%w_-]+)}') do
      found[name] = true
    end
    return found
  end

  --- How many forms a counted text has.
  local function forms(text) return select(2, text:gsub('|', '')) + 1 end

  for _, locale in ipairs(i18n.LOCALES) do
    it(locale .. ' has every key, none more, with the same placeholders', function()
      local catalog = i18n.catalog(locale)
      local problems = {}
      for key, text in pairs(english) do
        if not catalog[key] then
          problems[#problems + 1] = 'missing: ' .. key
        else
          expect(placeholders(catalog[key])):equals(placeholders(text))
          local wanted = forms(text) > 1 and locale == 'pl_PL' and 3 or forms(text)
          expect({ key, forms(catalog[key]) }):equals({ key, wanted })
        end
      end
      for key, text in pairs(catalog) do
        if not english[key] then problems[#problems + 1] = 'unknown: ' .. key end
        if type(text) ~= 'string' or text == '' then problems[#problems + 1] = 'empty: ' .. key end
        if not i18n.is_key(key) then problems[#problems + 1] = 'no key: ' .. key end
      end
      table.sort(problems)
      expect(problems):equals({})
    end)
  end

  it('are the files there are', function()
    local there = {}
    for i, entry in ipairs(assert(file.list('scripts/locales'))) do
      there[i] = entry.name:gsub('%.lua$', '')
    end
    local known = { unpack(i18n.LOCALES) }
    table.sort(there)
    table.sort(known)
    expect(there):equals(known)
    expect(known):equals({ 'de_DE', 'en_US', 'es_ES', 'fr_FR', 'pl_PL' })
  end)

  it('have the label of every kind of error', function()
    for _, row in pairs(errc.kinds) do
      expect(english[row.labelKey]):equals(row.label)
    end
  end)

  it('give the labels by kind', function()
    local labels = i18n.error_labels()
    for kind, row in pairs(errc.kinds) do
      for _, locale in ipairs(i18n.LOCALES) do
        expect(labels[locale][kind]):equals(i18n.text(row.labelKey, nil, locale))
      end
    end
    expect(labels.de_DE.not_found):equals('Nicht gefunden')
  end)
end)

describe('a text by locale', function()
  local text = { de_AT = 'Servus', de_DE = 'Hallo', pl_PL = 'Hej', deu = 'nobody' }

  it('is chosen by locale, then by language, then as it comes', function()
    expect(i18n.choose(text, 'de_DE')):equals('Hallo')
    expect(i18n.choose(text, 'de_CH')):equals('Servus')
    expect(i18n.choose(text, 'pl')):equals('Hej')
    expect(i18n.choose(text, 'fr_FR')):equals('Servus')
    expect(i18n.choose('Hi', 'fr_FR')):equals('Hi')
    expect(i18n.choose({}, 'fr_FR')):is_nil()
  end)
end)
