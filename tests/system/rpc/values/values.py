"""values.py SOCKET: see run."""
import base64, json, socket, sys

path = sys.argv[1]


def connect():
    made = socket.socket(socket.AF_UNIX)
    made.settimeout(30)
    made.connect(path)
    return made, made.makefile('rb')


def request(method, params):
    return b'{"jsonrpc":"2.0","id":1,"method":"%s","params":%s}' % (method.encode(), params.encode())


def line(method, params):
    door, answers = connect()
    door.sendall(request(method, params) + b'\n')
    return answers.readline().strip().decode()


def batch(method, params):
    door, answers = connect()
    door.sendall(b'[' + request(method, params) + b']\n')
    return answers.readline().strip().decode().removeprefix('[').removesuffix(']')


def http(method, params):
    door, answers = connect()
    body = request(method, params)
    door.sendall(b'POST /rpc/v1 HTTP/1.0\r\nContent-Length: %d\r\n\r\n' % len(body) + body)
    return answers.read().split(b'\r\n\r\n', 1)[1].decode()


def websocket(method, params):
    door, answers = connect()
    door.sendall(('GET /rpc/v1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
                  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n'
                  % base64.b64encode(b'0' * 16).decode()).encode())
    while answers.readline() != b'\r\n':
        pass
    body = request(method, params)
    long = len(body) > 125
    size = bytes([0x80 | 126]) + len(body).to_bytes(2, 'big') if long else bytes([0x80 | len(body)])
    door.sendall(b'\x81' + size + bytes(4) + body)
    size = answers.read(2)[1]
    if size == 126:
        size = int.from_bytes(answers.read(2), 'big')
    return answers.read(size).decode()


def value_of(answer):
    """The text of the result's `value`, or of the error's kind and words."""
    begin, end = '{"jsonrpc":"2.0","result":{"value":', '},"id":1}'
    if answer.startswith(begin) and answer.endswith(end):
        return answer[len(begin):-len(end)]
    error = json.loads(answer).get('error')
    return 'error %d %s' % (error['code'], (error.get('data') or {}).get('details', '')) if error else answer


def stored(text):
    line('db.put', '{"pointer":"/public/ui","value":"nothing like it"}')
    answer = line('db.put', '{"pointer":"/public/ui","value":%s}' % text)
    if '"error"' in answer:
        return value_of(answer)
    return json_text_of(line('db.dump', '{"pointer":"/public/ui"}'), '"value":')


def json_text_of(answer, before):
    return answer[answer.index(before) + len(before):-len('},"id":1}')]


# What is sent, what comes back from a handler's tables, as an opaque value, from the store; what is
# left out is as before. An error has its words.
KEPT = [
    ('9223372036854775807',),
    ('-9223372036854775808',),
    ('9007199254740993',),
    ('18446744073709551615',),
    ('123456789012345678901234567890', '1.2345678901234568e+29', None, '1.2345678901234568e+29'),
    ('1.0', '1', '1.0', '1.0'),
    ('-0.0', '0', '-0.0', '-0.0'),
    ('1e-400', '0', '1e-400', '0.0'),
    ('0.1',),
    ('null',),
    ('[]',),
    ('{}',),
    ('[null]',),
    ('{"a":1,"a":2}', '{"a":2}', '{"a":1,"a":2}', '{"a":2}'),
    ('{"a":{"b":1},"a":[]}', '{"a":[]}', '{"a":{"b":1},"a":[]}', '{"a":[]}'),
    (r'"\ud83d\ude00"', '"\U0001f600"', r'"\ud83d\ude00"', '"\U0001f600"'),
    (r'"\u0000"',),
]
REFUSED = [
    ('1e400', 'Number too big'),
    (r'"\ud800"', 'surrogate'),
    (r'"\udc00\ud800"', 'surrogate'),
    (r'{"\ud800":1}', 'surrogate'),
    ('NaN', 'Invalid value'),
    ('Infinity', 'Invalid value'),
    ('-Infinity', 'Invalid value'),
    ('01', 'Missing a comma'),
]
# What Lua gives and what becomes of it.
MADE = [
    ('0/0', 'error value: the number is not finite'),
    ('{ a = { 1, -1 / 0 } }', 'error value.a[2]: the number is not finite'),
    (r'"\237\160\128"', 'error a string is not valid UTF-8'),
    (r'"\255"', 'error a string is not valid UTF-8'),
    ('{}', '{}'),
    ('require("engine.json").array({})', '[]'),
    ('require("engine.json").null', 'null'),
    ('require("engine.json").decode("9223372036854775807")', '9223372036854775807'),
    ('2 ^ 53', '9007199254740992'),
    ('2 ^ 63', '9223372036854775808.0'),
    ('{ 1, nil, 3 }', 'error value: the list has holes'),
    ('{ 1, a = 2 }', 'error value: the table has both list elements and named members'),
    ('{ [true] = 1 }', 'error value: a key is neither a string nor a list index'),
    ('print', 'error value: a function has no JSON form'),
]


def client(text):
    return value_of(line('value.again', '{"socket":%s,"value":%s}' % (json.dumps(path), text)))


WAYS = {'line': lambda text: value_of(line('value.same', '{"value":%s}' % text)),
        'batch': lambda text: value_of(batch('value.same', '{"value":%s}' % text)),
        'HTTP': lambda text: value_of(http('value.same', '{"value":%s}' % text)),
        'WebSocket': lambda text: value_of(websocket('value.same', '{"value":%s}' % text)),
        'client': client}


def same(got, wanted, *what):
    assert got == wanted, '%s: %s, not %s' % (', '.join(what), got, wanted)


for text, *others in KEPT:
    table, raw, kept = (each or text for each in others or [None] * 3)
    for name, way in WAYS.items():
        same(way(text), table, text, name)
    same(value_of(line('value.raw', '{"value":%s}' % text)), raw, text, 'raw')
    same(stored(text), kept, text, 'store')
for text, words in REFUSED:
    for name, way in {**WAYS, 'store': stored}.items():
        got = way(text)
        assert got.startswith('error -32700 ') and words in got, (text, name, got)
for code, wanted in MADE:
    got = value_of(line('value.made', json.dumps({'code': 'return ' + code})))
    if not wanted.startswith('error '):
        same(got, wanted, code)
        continue
    # A result that is no JSON is the handler's fault: its author gets the words.
    assert got.startswith('error -32603 '), (code, got)
    failures = line('script.failures', '{}')
    assert wanted.removeprefix('error ') in failures, (code, failures)
print(len(KEPT) + len(REFUSED) + len(MADE), 'values')
