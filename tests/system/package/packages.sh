# What the tests of packages begin with, after case.sh: hello-world packed, a daemon, and cleaning up
# that leaves no container, mount or link whatever happened before.
export COLUMNS=200

# The six digits this daemon's containers, bridge and run folder are called by; known to us once
# something was installed.
host=unknown
learn_host() {
  local said
  said=$(cli db dump /private/network --format json 2>/dev/null | sed -n 's/.*"moonbr-\([0-9a-f]*\)".*/\1/p')
  host=${said:-$host}
}
container_pid() { lxc-info -P /run/moonbox/lxc -n "$host-$1" -pH 2>/dev/null; }
status_of() { cli package list --format json | tr '{' '\n' | grep "\"id\":\"$1\"" | sed 's/.*"status":"\([^"]*\)".*/\1/'; }
is() { [ "$(status_of "$1")" = "$2" ]; }
address() { cli package info "$1" --format json | sed 's/.*"address":"\([^"]*\)".*/\1/'; }
page() { timeout 5 busybox wget -qO- "http://$(address "$1")/" 2>/dev/null; }
page_says() { page "$1" | grep -qF -- "$2"; }
info_number() { cli package info "$1" --format json | sed "s/.*\"$2\":\([0-9]*\).*/\1/"; }

clean_packages() {
  local id pid end
  cli daemon start >/dev/null 2>&1 || true
  learn_host
  for id in $(cli package list --format json 2>/dev/null | grep -o '"id":"[^"]*"' | cut -d'"' -f4); do
    timeout 60 moon-cli --data-dir "$data" package uninstall "$id" --force >/dev/null 2>&1 || true
  done
  cli daemon stop >/dev/null 2>&1 || true
  for id in /run/moonbox/"$host"/*/; do
    [ -d "$id" ] || continue
    pid=$(container_pid "$(basename "$id")" || true)
    [ -z "$pid" ] || kill -9 "$pid" || true
  done
  end=$((SECONDS + 10))
  while grep -q "/run/moonbox/$host/" /proc/mounts && [ $SECONDS -lt "$end" ]; do
    sed -n "s#^[^ ]* \(/run/moonbox/$host/[^ ]*\) .*#\1#p" /proc/mounts | sort -r | xargs -r umount -l 2>/dev/null || true
  done
  ip link del "moonbr-$host" 2>/dev/null || true
  rm -rf "/run/moonbox/${host:?}"
}

# start_host: a daemon, and hello-world packed as hello-world.s9pk.
start_host() {
  fresh_data
  at_end clean_packages
  start_daemon
  moon-cli s9pk pack "$MOONBOX_SOURCE/examples/hello-world" -o hello-world.s9pk >/dev/null
}

# install_hello: installed and running.
install_hello() {
  cli package install "$work/hello-world.s9pk" >install.log 2>&1 || fail "install: $(cat install.log)"
  cli package start hello-world --wait >start.log 2>&1 || fail "start: $(cat start.log)"
  learn_host
}

# What of a package is to be seen on the host: mounts, processes, groups, links, files.
traces() {
  grep -o "/run/moonbox/$host/[^ ]*" /proc/mounts || true
  find /sys/fs/cgroup -maxdepth 6 -type d -name "*$host*" 2>/dev/null || true
  lxc-ls -P /run/moonbox/lxc -1 2>/dev/null | grep "^$host" || true
  ls /run/moonbox/lxc 2>/dev/null | grep "^$host" || true
  ip -o link show master "moonbr-$host" 2>/dev/null || true
  losetup -l -n -O BACK-FILE | grep "^$data" || true
  find "$data/packages" "$data/volumes" "$data/containers" "$data/logs/packages" "/run/moonbox/$host" \
    -mindepth 1 2>/dev/null || true
}
