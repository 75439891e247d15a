--- The examples of the reference, numbered as there.
local exver = require('lib.exver')

local WORDS = { [-1] = 'less', [0] = 'equal', [1] = 'greater' }

local COMPARED = {
  { 1, '1.2.3:0', '1.2.3:0', 'equal' },
  { 2, '1.2:0', '1.2.0:0', 'equal' },
  { 3, '1.2:0', '1.2.0.0:0.0', 'equal' },
  { 4, '1.2.3:1', '1.2.3:0', 'greater' },
  { 5, '1.2.3:9', '1.2.4:0', 'less' },
  { 6, '1.2.10:0', '1.2.9:0', 'greater' },
  { 7, '0.0.1:0', '0.0.0.9:0', 'greater' },
  { 8, '1.0.0-alpha:0', '1.0.0:0', 'less' },
  { 9, '1.0.0-alpha:0', '1.0.0-beta:0', 'less' },
  { 10, '1.0.0-alpha.2:0', '1.0.0-alpha.10:0', 'less' },
  { 11, '1.0.0-alpha:0', '1.0.0-alpha.1:0', 'less' },
  { 12, '1.0.0-1:0', '1.0.0-alpha:0', 'less' },
  { 13, '1.0.0-Beta:0', '1.0.0-alpha:0', 'less' },
  { 14, '1.0:0-rc', '1.0:0', 'less' },
  { 15, '1.0-rc:5', '1.0:0', 'less' },
  { 16, '#knots:1.0:0', '#knots:1.1:0', 'less' },
  { 17, '#knots:1.0:0', '1.0:0', 'incomparable' },
  { 18, '#a:1.0:0', '#b:1.0:0', 'incomparable' },
}

local SATISFIED = {
  { 19, '1.2.3:0', '1.2.3', true },
  { 20, '1.9:0', '1.2.3', true },
  { 21, '2.0:0', '1.2.3', false },
  { 22, '1.2.3:0', '^1.2.3', true },
  { 23, '2.0.0-rc:0', '^1.2.3', true },
  { 24, '0.2.9:0', '^0.2.3', true },
  { 25, '0.3.0:0', '^0.2.3', false },
  { 26, '0.0.3:5', '^0.0.3', true },
  { 27, '0.0.4:0', '^0.0.3', false },
  { 28, '1.2.3:3', '^1.2.3:4', false },
  { 29, '1.2.9:0', '~1.2.3', true },
  { 30, '1.3.0:0', '~1.2.3', false },
  { 31, '1.2.9:0', '~1.2', true },
  { 32, '0.2.3.9:0', '~0.2.3', true },
  { 33, '0.2.4:0', '~0.2.3', false },
  { 34, '1.0.0:0', '=1', true },
  { 35, '1.0.1:0', '=1', false },
  { 36, '1.0:1', '=1', false },
  { 37, '1.0:1', '>1', true },
  { 38, '1.0:1', '>=1:2', false },
  { 39, '1.0:1', '<1:2', true },
  { 40, '1.0:1', '<=1', false },
  { 41, '1.0-rc:0', '>=1', false },
  { 42, '1.0-rc:0', '<1', true },
  { 43, '1.0:1', '!=1', true },
  { 44, '1:0', '!=1', false },
  { 45, '#k:1:0', '!=1', true },
  { 46, '#k:1:0', '>=0', false },
  { 47, '#k:1:0', '!(>=0)', true },
  { 48, '#k:1:0', '>=#k:0', true },
  { 49, '#k:1:0', '#k', true },
  { 50, '1:0', '#k', false },
  { 51, '1:0', '!#k', true },
  { 52, '#k:1:0', '*', true },
  { 53, '#k:1:0', '!', false },
  { 54, '1.5:0', '>=1 && <2', true },
  { 55, '1.5:0', '>=1 <2', true },
  { 56, '2.5:0', '<1 || >2', true },
  { 57, '7:0', '=7 || >=2 && <3', false },
  { 58, '7:0', '>=2 && <3 || =7', true },
  { 59, '7:0', '=7 || (>=2 && <3)', true },
  { 60, '1.2.3:0', '^1.2.3-beta', true },
  { 61, '1.2.3-beta:0', '^1.2.3', false },
  { 62, '1.2.3-beta.2:0', '^1.2.3-beta.1', true },
  { 63, '#knots:29.3:0', '^29 || ^#knots:29', true },
  { 64, '29.3:0', '(^29 || ^#knots:29) && !=29.3', false },
  { 65, '2.0.0-aaa:0', '^1.0.0-alpha', true },
}

local PRINTED = {
  { 66, 'exver', '1.2.3:4', '1.2.3:4', '1.2.3:4' },
  { 67, 'exver', '#knots:29.3:1', '#knots:29.3:1', '#knots:29.3:1' },
  { 68, 'exver', '01.002:0', '1.2:0', '1.2:0' },
  { 69, 'exver', '1.2.3', 'error', 'error' },
  { 70, 'exver', '1.2.3:4:5', 'error', 'error' },
  { 71, 'exver', '#K:1:0', 'error', 'error' },
  { 72, 'range', '1.2', '^1.2:0', '>=1.2:0 <2:0' },
  { 73, 'range', '~1.2:3', '~1.2:3', '>=1.2:3 <1.3:0' },
  { 74, 'range', '>=1:0&&<2:0', '>=1:0 && <2:0', '>=1:0 <2:0' },
  { 75, 'range', '!(>=1:0 && <2:0)', '!(>=1:0 && <2:0)', '(!>=1:0) || (!<2:0)' },
  { 76, 'range', '!=1 || =2', '!=1:0 || =2:0', '!=1:0 || =2:0' },
  { 77, 'range', '!#knots', '!#knots', '!(#knots)' },
  { 78, 'range', '(=1 || =2) && =3', '(=1:0 || =2:0) && =3:0', '(=1:0 || =2:0) =3:0' },
  { 79, 'range', '=1 || =2 && =3', '(=1:0 || =2:0) && =3:0', '(=1:0 || =2:0) =3:0' },
  { 80, 'range', '!!=1', '!(!=1:0)', '=1:0' },
}

local ASKED = {
  { 81, 'satisfiable', { '>=2 && <1' }, false },
  { 82, 'satisfiable', { '#a && #b' }, false },
  { 83, 'satisfiable', { '>=1:1 && <1:0' }, false },
  { 84, 'satisfiable', { '!(>=1 || <1)' }, true },
  { 85, 'intersects', { '^#knots:29', '<=29.3:10' }, false },
  { 86, 'intersects', { '^1.2', '~1.4' }, true },
  { 87, 'intersects', { '<1', '>=1' }, false },
  { 88, 'satisfiable', { '!(#a || !#a)' }, false },
}

local NORMALIZED = {
  { 89, '^1.2.3', '>=1.2.3:0 && <2.0.0:0' },
  { 90, '~1.2.3', '>=1.2.3:0 && <1.3.0:0' },
  { 91, '=1 && =2', '!' },
  { 92, '!=1', '<1:0 || >1:0 || !#' },
  { 93, '!(=1 || =2)', '<1:0 || (>1:0 && <2:0) || >2:0 || !#' },
  { 94, '>1 || <2', '#' },
  { 95, '(>=1 && <2) || (>=2 && <3)', '>=1:0 && <3:0' },
  { 96, '!=#foo:1 || !=#bar:2',
    '<#foo:1:0 || >#foo:1:0 || !#foo || <#bar:2:0 || >#bar:2:0 || !#bar' },
  { 97, '!#a && !#b', '!#a && !#b' },
}

local function print_or_error(value, print)
  return value and print(value) or 'error'
end

describe('exver examples', function()
  it('compare', function()
    for _, row in ipairs(COMPARED) do
      local number, left, right, relation = unpack(row)
      expect({ number, WORDS[exver.compare(left, right)] or 'incomparable' })
        :equals({ number, relation })
    end
  end)

  it('satisfy', function()
    for _, row in ipairs(SATISFIED) do
      local number, version, range, answer = unpack(row)
      expect({ number, exver.satisfies(version, range) }):equals({ number, answer })
    end
  end)

  it('are printed in both forms', function()
    for _, row in ipairs(PRINTED) do
      local number, kind, text, source, wire = unpack(row)
      local read = kind == 'exver' and exver.version or exver.range
      local print_wire = kind == 'exver' and exver.print or exver.wire
      expect({ number, print_or_error(read(text), exver.print) }):equals({ number, source })
      expect({ number, print_or_error(read(text), print_wire) }):equals({ number, wire })
    end
  end)

  it('are satisfiable or intersect', function()
    for _, row in ipairs(ASKED) do
      local number, question, arguments, answer = unpack(row)
      expect({ number, exver[question](unpack(arguments)) }):equals({ number, answer })
    end
  end)

  it('are normalized', function()
    for _, row in ipairs(NORMALIZED) do
      local number, range, text = unpack(row)
      expect({ number, exver.print(exver.normalize(range)) }):equals({ number, text })
    end
  end)

  it('are ninety-seven', function()
    expect(#COMPARED + #SATISFIED + #PRINTED + #ASKED + #NORMALIZED):equals(97)
  end)
end)
