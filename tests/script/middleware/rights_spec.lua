local rights = require('middleware.auth.rights')

describe('reading the store', function()
  local function reads(call_of, at) return (rights.check_read(call_of, at)) == true end

  it('is everything for root on the host', function()
    local root = { auth = { by = 'peer', owner = true } }
    expect(reads(root, '')):is_true()
    expect(reads(root, '/private/password')):is_true()
  end)

  it('is what is public for the others, whatever way it is written', function()
    for _, auth in ipairs({ { by = 'session', owner = true }, { by = 'cookie', owner = true },
      { by = 'signature', owner = true } }) do
      expect(reads({ auth = auth, session = {} }, '/public/ui')):is_true()
      for _, at in ipairs({ '', '/private', '/private/password', '/*/password', '/publicity', '/',
        'public', '/*' }) do
        expect(reads({ auth = auth, session = {} }, at)):is_false()
      end
    end
  end)

  it('is for a session with a list what is below one of its pointers', function()
    local limited = { auth = { by = 'session', owner = false },
      session = { read = { '/public/ui', '/public/packageData/web', '/private' } } }
    for at, allowed in pairs({ ['/public/ui'] = true, ['/public/ui/a'] = true,
      ['/public/packageData/web/statusInfo'] = true, ['/public'] = false, ['/public/uid'] = false,
      ['/public/packageData/*/statusInfo'] = false, ['/private'] = false,
      ['/public/packageData/webb'] = false }) do
      expect(reads(limited, at)):equals(allowed)
    end
  end)
end)
