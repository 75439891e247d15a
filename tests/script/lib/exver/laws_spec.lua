--- What holds for any versions and ranges, tried on many made from a fixed seed.
local exver = require('lib.exver')

local ROUNDS = 300

local seed = 20261121
local function random(n)
  seed = (seed * 1103515245 + 12345) % 2147483648
  return math.floor(seed / 65536) % n + 1
end

local function pick(list) return list[random(#list)] end

local NUMBERS = { '0', '1', '1', '2', '3', '9007199254740993', '18446744073709551615' }
local SEGMENTS = { '0', '1', '10', 'alpha', 'Beta', 'rc', 'a-b', 'beta1' }
local FLAVORS = { 'a', 'b', 'knots' }
local OPERATORS = { '=', '!=', '>', '<', '>=', '<=', '^', '~', '' }

local function joined(list, most)
  local parts = {}
  for i = 1, random(most) do
    parts[i] = pick(list)
  end
  return table.concat(parts, '.')
end

local function plain()
  return joined(NUMBERS, 3) .. (random(4) == 1 and '-' .. joined(SEGMENTS, 2) or '')
end

local function flavor_prefix() return random(3) == 1 and ('#%s:'):format(pick(FLAVORS)) or '' end

local function version_text()
  return ('%s%s:%s'):format(flavor_prefix(), plain(), random(3) == 1 and plain() or pick(NUMBERS))
end

local range_text

local LEAVES = {
  function() return '*' end,
  function() return '!' end,
  function() return '#' .. (random(4) == 1 and '' or pick(FLAVORS)) end,
}

function range_text(depth)
  if depth > 0 and random(3) > 1 then
    if random(4) == 1 then return ('!(%s)'):format(range_text(depth - 1)) end
    return ('(%s) %s (%s)'):format(range_text(depth - 1), pick({ '&&', '||' }),
      range_text(depth - 1))
  end
  if random(5) == 1 then return pick(LEAVES)() end
  return ('%s%s%s%s'):format(pick(OPERATORS), flavor_prefix(), plain(),
    random(2) == 1 and ':' .. plain() or '')
end

local function version() return assert(exver.version(version_text())) end

local function range() return assert(exver.range(range_text(3))) end

--- Versions to ask ranges about: any, and those a range names with their neighbours.
local function observers(...)
  local out = {}
  for i = 1, 12 do
    out[i] = version()
  end
  local function visit(of)
    if of.version then out[#out + 1] = of.version end
    for _, key in ipairs({ 'left', 'right', 'of' }) do
      if of[key] then visit(of[key]) end
    end
  end
  for _, each in ipairs({ ... }) do
    visit(each)
    visit(assert(exver.range(exver.wire(each))))
  end
  return out
end

--- Fails with the ranges and the version for which two of them differ.
local function same(law, a, b)
  for _, observer in ipairs(observers(a, b)) do
    local left, right = exver.satisfies(observer, a), exver.satisfies(observer, b)
    if left ~= right then
      error(('%s: %s is told apart by %s and %s'):format(law, exver.print(observer),
        exver.print(a), exver.print(b)))
    end
  end
end

local function all(...) return exver.all_of({ ... }) end
local function any(...) return exver.any_of({ ... }) end

describe('exver laws', function()
  it('and, or and their identities', function()
    for _ = 1, ROUNDS do
      local a, b, c = range(), range(), range()
      same('and commutes', all(a, b), all(b, a))
      same('or commutes', any(a, b), any(b, a))
      same('and associates', all(all(a, b), c), all(a, all(b, c)))
      same('or associates', any(any(a, b), c), any(a, any(b, c)))
      same('and distributes', all(a, any(b, c)), any(all(a, b), all(a, c)))
      same('or distributes', any(a, all(b, c)), all(any(a, b), any(a, c)))
      same('any is neutral', all(a, exver.ANY), a)
      same('any swallows', any(a, exver.ANY), exver.ANY)
      same('none is neutral', any(a, exver.NONE), a)
      same('none swallows', all(a, exver.NONE), exver.NONE)
    end
  end)

  it('of De Morgan', function()
    for _ = 1, ROUNDS do
      local a, b = range(), range()
      same('not and', exver.negate(all(a, b)), any(exver.negate(a), exver.negate(b)))
      same('not or', exver.negate(any(a, b)), all(exver.negate(a), exver.negate(b)))
      same('not not', exver.negate(exver.negate(a)), a)
    end
  end)

  it('what is printed reads back, in both forms', function()
    for _ = 1, ROUNDS do
      local a = range()
      same('source', assert(exver.range(exver.print(a))), a)
      same('wire', assert(exver.range(exver.wire(a))), a)
      local text = exver.print(version())
      expect(exver.print(exver.version(text))):equals(text)
    end
  end)

  it('a range that holds a version is satisfiable', function()
    local found = { [true] = 0, [false] = 0 }
    for _ = 1, ROUNDS do
      local a = range()
      local answer = exver.satisfiable(a)
      found[answer] = found[answer] + 1
      for _, observer in ipairs(observers(a)) do
        if exver.satisfies(observer, a) then expect({ exver.print(a), answer })
          :equals({ exver.print(a), true }) end
      end
    end
    expect(found[true] > 20 and found[false] > 20):is_true()
  end)

  it('ranges intersect both ways round or not at all', function()
    for _ = 1, ROUNDS do
      local a, b = range(), range()
      expect(exver.intersects(a, b)):equals(exver.intersects(b, a))
    end
  end)

  it('normalizing changes no answer, and finds what is not satisfiable', function()
    for _ = 1, ROUNDS do
      local a = range()
      local normal = assert(exver.normalize(a))
      same('normalize', normal, a)
      same('normalize, read back', assert(exver.range(exver.print(normal))), a)
      expect({ exver.print(a), normal.kind ~= 'none' })
        :equals({ exver.print(a), exver.satisfiable(a) })
    end
  end)

  it('versions are ordered', function()
    for _ = 1, ROUNDS * 5 do
      local a, b, c = version(), version(), version()
      local order = exver.order(a, b)
      expect(exver.order(b, a)):equals(-order)
      expect(exver.compare(a, b)):equals(a.flavor == b.flavor and order or nil)
      if order <= 0 and exver.order(b, c) <= 0 then expect(exver.order(a, c) <= 0):is_true() end
    end
  end)

  it('the next version is the first that ^ or ~ leaves out', function()
    for _ = 1, ROUNDS do
      local a = version()
      a.upstream.prerelease = {}
      for operator, increment in pairs({ ['^'] = exver.increment_major,
        ['~'] = exver.increment_minor }) do
        local after = increment(a)
        if after then
          local accepted = exver.anchor(operator, a)
          expect(exver.satisfies(after, accepted)):is_false()
          expect(exver.compare(a, after)):equals(-1)
        end
      end
    end
  end)
end)
