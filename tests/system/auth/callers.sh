# Callers of a daemon with a password, over every transport: `. "$(dirname "$0")/../callers.sh"`.
. "$(dirname "$0")/../../case.sh"

password='correct horse battery'
start_daemon --http 127.0.0.1:0 --https 127.0.0.1:0 --tls-lines 127.0.0.1:0
PASSWORD=$password expect 0 cli auth set-password

address_of() { # address_of KIND
  cli server info --format json |
    grep -o '"address":"[^"]*","kind":"'"$1"'"' | cut -d'"' -f4
}
http=$(address_of http) https=$(address_of https) lines=$(address_of tls-lines)
[ -n "$http" ] && [ -n "$https" ] && [ -n "$lines" ] || fail 'the daemon does not listen'

# The same daemon again, on another port: somebody may have taken the one it had.
restart() {
  expect 0 cli daemon restart --http 127.0.0.1:0
  http=$(address_of http)
}

# post BODY [OPTION OF CURL…]: the answer is in the file out, its headers in the file headers.
post() {
  local body=$1
  shift
  curl -sS -m 30 -D headers -o out -d "$body" "$@" "http://$http/rpc/v1" || fail "curl ended with $?"
}
call() { printf '{"id":1,"method":"%s","params":%s}' "$1" "${2:-{\}}"; }
header_has() { grep -qiF -- "$1" headers || fail "the headers lack: $1: $(cat headers)"; }
header_lacks() { ! grep -qiF -- "$1" headers || fail "the headers have: $1"; }
accepted() { out_has '"result":'; }
refused() { # refused NUMBER
  grep -qF -- "\"error\":{\"code\":$1," out || fail "not refused with $1: $(cat out)"
}

# log_in [OPTION OF CURL…]: the token is in $token.
log_in() {
  post "$(call auth.login "{\"password\":\"$password\"}")" "$@"
  accepted
  token=$(sed -n 's/^Set-Cookie: session=\([a-z2-7]*\);.*/\1/ip' headers)
  [ ${#token} = 26 ] || fail "no token in $(cat headers)"
}

# A WebSocket by hand: upgrade PATH HEADER…, then frames.
upgrade() {
  local path=$1
  shift
  printf '%s\r\n' "GET $path HTTP/1.1" "Host: $http" 'Connection: Upgrade' 'Upgrade: websocket' \
    'Sec-WebSocket-Version: 13' 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' "$@" ''
}
frame() { # a text frame of less than 126 bytes, masked with zeros
  printf '\x81'"\\x$(printf %x $((128 + ${#1})))"'\x00\x00\x00\x00%s' "$1"
}
