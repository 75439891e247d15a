describe('garden', function()
  it('plants, and says no to a second one of a kind', function()
    expect(call('garden.plant', { name = 'rose' })):equals({ name = 'rose', thirst = 3 })
    local _, err = call('garden.plant', { name = 'rose' })
    expect(err.code):equals('conflict')
    expect(call('garden.list')):equals({ { name = 'rose', thirst = 3 } })
  end)

  it('checks what it is given', function()
    local _, err = call('garden.plant', { name = 'Rose', thirst = 99 })
    expect(err.code):equals('invalid_params')
    expect(err.message):contains('lower-case letters')
  end)

  it('waters in a job, and tells of each plant', function()
    call('garden.plant', { name = 'ivy', thirst = 2 })
    local begun = call('garden.water')
    local job = eventually(function()
      clock.advance(1)
      local now = call('job.get', { id = begun.jobId })
      return now.state ~= 'running' and now
    end)
    expect(job.state):equals('succeeded')
    expect(job.result):equals({ litres = 5 })
    local told = call('event.list', { type = { 'garden.*' } }).events
    expect(#told):equals(2)
    expect(told[1].resource.id):equals('ivy')
  end)

  it('limits how often one may plant', function()
    local refused
    for i = 1, 12 do
      local _, err = call('garden.plant', { name = ('a'):rep(i) }, { as = 'root' })
      refused = err and err.code
    end
    expect(refused):equals('rate_limited')
    clock.advance(60)
    expect(call('garden.plant', { name = 'lily' })):is_truthy()
  end)
end)
