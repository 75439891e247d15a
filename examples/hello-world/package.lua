--- The manifest: who this package is and what it needs.
return {
  id = 'hello-world',
  version = '1.0.0:0',
  title = 'Hello World',
  license = 'MIT',
  description = {
    short = 'A web page with a greeting',
    long = 'The smallest package that does something real: a web server in a container, an action '
      .. 'with a form, a health check and a backup. Copy it to begin your own.',
  },
  releaseNotes = 'The first version.',
  upstreamRepo = 'https://busybox.net',
  packageRepo = 'https://example.com/moonbox',
  canMigrateFrom = '*',
  canMigrateTo = '!',

  --- Each image is made by the recipe images/ID.lua when the package is packed, for the machine
  --- that packs or those named with --arch.
  images = { main = { source = 'packed', arch = { 'x86_64', 'aarch64', 'riscv64' } } },

  --- Directories that outlive the container and are part of backups.
  volumes = { 'main' },

  dependencies = {},
}
