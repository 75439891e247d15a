--- What runs while the service is started: one web server, watched by a health check.
local sdk = require('moonbox')

return function(args)
  local web = sdk.subcontainer(args.effects, {
    image = 'main',
    name = 'web',
    mounts = { { volume = 'main', path = '/data' } },
  })

  return sdk.daemons():daemon('web', {
    subcontainer = web,
    exec = { command = { 'httpd', '-f', '-v', '-p', '80', '-h', '/data/www' } },
    ready = {
      display = 'Web page',
      check = sdk.health.http('http://127.0.0.1:80/', { success = 'The page is served' }),
    },
  })
end
