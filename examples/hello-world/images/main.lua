--- How `moon-cli s9pk pack` makes the image `main`: busybox with all its applets, and these files.
return {
  busybox = true,
  directories = { '/data', '/tmp', '/root' },
  files = {
    ['/etc/passwd'] = 'root:x:0:0:root:/root:/bin/sh\nweb:x:1000:1000:web:/data:/bin/sh\n',
    ['/etc/group'] = 'root:x:0:\nweb:x:1000:\n',
  },
  env = { LANG = 'C.UTF-8' },
  workdir = '/',
  user = 'root',
}
