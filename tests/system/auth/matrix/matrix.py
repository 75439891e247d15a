"""Calls every method of probe.lua as every caller over every transport, and compares with the table."""
import base64, hashlib, itertools, json, os, socket, ssl, struct, subprocess, sys

unix, http, https, lines, token, cookie, password = sys.argv[1:]
HOST = os.uname().nodename
BODIES = itertools.count(1)
plain = ssl.create_default_context()
plain.check_hostname, plain.verify_mode = False, ssl.CERT_NONE


def connect(door):
    if door == unix:
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(unix)
    else:
        host, port = door.rsplit(':', 1)
        sock = socket.create_connection((host, int(port)))
    sock.settimeout(30)
    return plain.wrap_socket(sock) if door in (https, lines) else sock


def signature(key, body):
    return subprocess.run(['moon-cli', 'auth', 'sign', '--key', key, '--host', HOST, body],
                          check=True, capture_output=True, text=True).stdout.strip()


STRANGER = signature('stranger.pem', '')


def proofs(caller, body):
    """The headers by which a caller shows who it is."""
    if caller == 'session':
        return [f'Cookie: session={token}']
    if caller == 'cookie':
        return [f'Cookie: local={cookie}']
    if caller == 'key':
        return [signature('key.pem', body)]
    if caller == 'stranger':  # whose key is not known, whatever it has signed
        return [STRANGER]
    return []


def read_head(file):
    head = []
    while (line := file.readline().rstrip(b'\r\n')):
        head.append(line.decode())
    return head


class Http:
    """A request for each call, on a connection that is kept."""

    def __init__(self, door, caller):
        self.caller, self.sock = caller, connect(door)
        self.file = self.sock.makefile('rb')

    def headers(self, body):
        return proofs(self.caller, body)

    def call(self, body):
        head = ['POST /rpc/v1 HTTP/1.1', 'Host: x', 'User-Agent: matrix/1',
                f'Content-Length: {len(body)}', *self.headers(body), '', body]
        self.sock.sendall('\r\n'.join(head).encode())
        self.head = read_head(self.file)
        size = next(int(h.split(':')[1]) for h in self.head if h.startswith('Content-Length'))
        return json.loads(self.file.read(size))

    def cookies(self):
        return [h for h in self.head if h.startswith('Set-Cookie')]


class WebSocket:
    """A connection that shows who it is when it begins."""

    def __init__(self, door, caller):
        self.sock = connect(door)
        self.file = self.sock.makefile('rb')
        key = base64.b64encode(os.urandom(16)).decode()
        head = ['GET /rpc/v1 HTTP/1.1', 'Host: x', 'Connection: Upgrade', 'Upgrade: websocket',
                'User-Agent: matrix/1', 'Sec-WebSocket-Version: 13', f'Sec-WebSocket-Key: {key}',
                *proofs(caller, ''), '', '']
        self.sock.sendall('\r\n'.join(head).encode())
        head = read_head(self.file)
        assert '101' in head[0], head

    def call(self, body):
        mask, data = b'\0\0\0\0', body.encode()
        size = bytes([128 + len(data)]) if len(data) < 126 else b'\xfe' + struct.pack('>H', len(data))
        self.sock.sendall(b'\x81' + size + mask + data)
        first, length = self.file.read(2)
        assert first == 0x81, first
        if length == 126:
            length, = struct.unpack('>H', self.file.read(2))
        return json.loads(self.file.read(length))

    def cookies(self):
        return []


class Lines:
    def __init__(self, door, caller):
        self.sock = connect(door)
        self.file = self.sock.makefile('rb')
        if caller == 'session':
            login = {'id': 1, 'method': 'auth.login', 'params': {'password': password}}
            assert 'result' in self.call(json.dumps(login))

    def call(self, body):
        self.sock.sendall(body.encode() + b'\n')
        return json.loads(self.file.readline())

    def cookies(self):
        return []


CALLERS = [(transport, door, caller)
           for transport, doors, callers in (
               (Http, (http, https), ('nobody', 'cookie', 'key', 'stranger', 'session')),
               (WebSocket, (http, https), ('nobody', 'cookie', 'key', 'stranger', 'session')),
               (Lines, (lines,), ('nobody', 'session')),
               # At the Unix socket the kernel says who calls, whatever is shown besides.
               (Lines, (unix,), ('peer',)),
               (Http, (unix,), ('peer', 'session')),
               (WebSocket, (unix,), ('peer',)))
           for door in doors for caller in callers]

METHODS = [''.join(keys) for n in range(5) for keys in itertools.combinations('plsg', n)]


def expected(transport, door, caller, keys):
    """(refused?, proof that counts)"""
    proof = 'peer' if door == unix else \
        {'cookie': 'cookie', 'key': 'signature', 'session': 'session'}.get(caller)
    if 'l' in keys:  # a login is for everybody, and looks at nothing but what is local
        return False, proof if proof in ('peer', 'cookie') else None
    if keys == 'p':  # nobody is looked for
        return False, None
    return proof is None and 'p' not in keys, proof


def check(client, transport, door, caller, keys):
    method = 'probe.' + (keys or 'none')
    number = next(BODIES)
    answer = client.call(json.dumps({'id': number, 'method': method, 'params': {}}))
    refused, proof = expected(transport, door, caller, keys)
    where = f'{transport.__name__} {door} {caller} {method}: {answer}'
    assert answer['id'] == number, where
    if refused:
        assert answer['error']['code'] == 34 and answer['error']['data']['hint'], where
        assert not client.cookies(), where
        return
    result = answer['result']
    assert result.get('by') == proof, where
    assert result.get('owner') == (None if proof is None else proof != 'signature'), where
    assert (result.get('session') is not None) == (proof == 'session'), where
    assert (result.get('signer') is not None) == (proof == 'signature'), where
    if proof == 'signature':
        assert result['signer'] in open('public.pem').read(), where
    if proof == 'session' and transport is not Lines:
        digest = hashlib.sha256(token.encode()).digest()
        assert result['session'] == base64.b32encode(digest).decode().rstrip('=').lower(), where
    # What a client calls itself is told to logins; a cookie is given to who has no better proof.
    agent = 'matrix/1' if 'l' in keys and transport is not Lines else None
    assert result.get('agent') == agent, where
    given = transport is Http and door != unix and proof is None and 'l' in keys
    wanted = '; Secure' if door == https else 'HttpOnly'
    assert len(client.cookies()) == (1 if given else 0), (where, client.cookies())
    assert not given or wanted in client.cookies()[0], where
    assert not given or (door == https) == ('Secure' in client.cookies()[0]), where


for transport, door, caller in CALLERS:
    client = transport(door, caller)
    for keys in METHODS:
        check(client, transport, door, caller, keys)

# Names of the engine's own are nobody's, whoever calls and whatever the method takes.
RESERVED = [('echo', {'message': 'x', '__Auth_session': 'y'}), ('echo', {'__Auth_signer': 'y'}),
            ('probe.p', {'__x': 1}), ('probe.s', {'__Auth_session': 'y'}),
            ('job.list', {'__Auth_userAgent': 'y'}), ('auth.logout', {'__Auth_session': token})]
for transport, door, caller in CALLERS:
    client = transport(door, caller)
    for method, params in RESERVED:
        number = next(BODIES)
        answer = client.call(json.dumps({'id': number, 'method': method, 'params': params}))
        assert answer['id'] == number and answer['error']['code'] == -32602, (door, caller, answer)
        assert list(params)[-1] in answer['error']['data']['details'], answer
for envelope in ({'protocol_version': 1, 'id': 7, 'method': 'query:echo.v1',
                  'params': {'message': 'x', '__Auth_session': 'y'}},
                 {'Query': {'method': 'query:echo.v1',
                            'payload': {'message': 'x', '__Auth_session': 'y'}}}):
    answer = json.dumps(Lines(unix, 'peer').call(json.dumps(envelope)))
    assert '__Auth_session' in answer and 'result' not in answer, answer
# Inside of a value it is a name like any other: values are the caller's own.
client = Lines(unix, 'peer')
value = {'pointer': '/public/ui/x', 'value': {'__Auth_session': [{'__y': 1}]}}
answer = client.call(json.dumps({'id': 1, 'method': 'db.put', 'params': value}))
assert 'result' in answer, answer
# What a client says of its machine is told to methods that ask for it.
class Device(Http):
    def __init__(self, said):
        self.said = said
        super().__init__(unix, 'peer')

    def headers(self, body):
        return [f'X-StartOS-Device-Info: {self.said}']


def device(said, method='probe.device'):
    return Device(said).call(json.dumps({'id': 1, 'method': method}))


told = device('os.version=0.4.0&os.compat=*&os.platform=x86_64&os.language=de_DE')['result']
assert told['os'] == {'version': '0.4.0', 'compat': '*', 'platform': 'x86_64', 'language': 'de_DE'}, told
assert device('os.version=x')['error']['data']['kind'] == 'invalid_request'
assert 'result' in device('os.version=x', 'probe.none')
print(len(CALLERS) * len(METHODS), 'calls')
