--- Lets the operator choose what the page says.
local sdk = require('moonbox')
local greeting = require('greeting')

return sdk.action({
  id = 'set-greeting',
  name = 'Set greeting',
  description = 'Chooses the greeting that the page shows.',

  input = sdk.input.spec({
    { 'greeting', sdk.input.text({
      name = 'Greeting',
      description = 'Shown as the headline of the page.',
      required = true,
      min_length = 1,
      max_length = 200,
      placeholder = 'Hello, world!',
    }) },
  }),

  --- What the form begins with.
  current = function(_args) return { greeting = greeting.read() } end,

  run = function(args)
    local written, err = greeting.write(args.input.greeting)
    if not written then return nil, err end
    return {
      title = 'Greeting set',
      message = ('The page now says: %s'):format(args.input.greeting),
    }
  end,
})
