local live = require('lib.live')

local function screen(width)
  local written = {}
  local out = { width = width, write = function(_, text)
    written[#written + 1] = text
    return true
  end }
  return live.on(out), written
end

describe('lib.live', function()
  it('writes a text, and then only the lines that changed', function()
    local shown, written = screen()
    shown:show('a: 1\nb: 1\nc: 1\n')
    shown:show('a: 1\nb: 2\nc: 1\n')
    expect(written[1]):equals('\ra: 1\27[K\n\rb: 1\27[K\n\rc: 1\27[K\n')
    expect(written[2]):equals('\27[3A\n\rb: 2\27[K\n\n')
  end)

  it('writes nothing when nothing has changed', function()
    local shown, written = screen()
    shown:show('a\n')
    expect(shown:show('a\n')):is_true()
    expect(#written):equals(1)
  end)

  it('takes lines away, and goes on below the last that is left', function()
    local shown, written = screen()
    shown:show('a\nb\nc\n')
    shown:show('a\n')
    expect(written[2]):equals('\27[3A\n\r\27[K\n\r\27[K\n\27[2A')
    shown:show('a\nd\n')
    expect(written[3]):equals('\27[1A\n\rd\27[K\n')
  end)

  it('cuts lines to the terminal, so that each stays one line', function()
    local shown, written = screen(5)
    shown:show('abcdefgh\n')
    expect(written[1]:find('abcdefgh', 1, true)):equals(nil)
  end)

  it('says when nobody reads it', function()
    local shown = live.on({ write = function() return nil end })
    expect(shown:show('a\n')):equals(nil)
  end)
end)
