"""phases.py SOCKET GENERATION.lua WORK: see run."""
import base64, http.server, json, os, socket, sys, threading, time

path, module, work = sys.argv[1:]
go = os.path.join(work, 'go')
PATIENCE = 60
KEPT = 3  # generations in memory when nothing is under way
generation = 0


def connect(buffer=None):
    made = socket.socket(socket.AF_UNIX)
    made.settimeout(PATIENCE)
    if buffer:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    made.connect(path)
    return made, made.makefile('rb')


def line(method, params={}, **more):
    return json.dumps({'id': 1, 'method': method, 'params': params, **more}).encode() + b'\n'


def call(method, params={}):
    door, answers = connect()
    door.sendall(line(method, params))
    answer = json.loads(answers.readline())
    assert 'result' in answer, answer
    return answer['result']


def until(condition, what):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, 'never came: ' + what
        time.sleep(0.005)


def held():
    """Generations that are in memory."""
    door, answers = connect()
    door.sendall(b'GET /metrics HTTP/1.0\r\n\r\n')
    text = answers.read().decode()
    return int(text.split('\nmoonbox_script_generations ')[1].split('\n')[0])


def reload(times=KEPT):
    """As many that what is under way now runs on none of those that are kept for a rollback."""
    global generation
    for _ in range(times):
        generation += 1
        with open(module + '.new', 'w') as file:
            file.write('return %d\n' % generation)
        os.rename(module + '.new', module)
        call('script.reload')


def same(got, wanted, what):
    assert got == wanted, '%s: %r, not %r' % (what, got, wanted)


class Web(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        until(lambda: os.path.exists(go), 'go')
        self.send_response(200)
        self.send_header('Content-Length', '0')
        self.end_headers()

    def log_message(self, *_):
        pass


web = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Web)
web.daemon_threads = True
threading.Thread(target=web.serve_forever, daemon=True).start()


def waiting(kind, way):
    """A request whose handler waits; gives what ends it and looks at the answer."""
    at = os.path.join(work, 'at')
    if os.path.exists(at):
        os.remove(at)
    door, answers = connect()
    door.sendall(line('phase.' + kind, {'way': way, 'go': go, 'at': at, 'socket': path,
                                        'url': 'http://127.0.0.1:%d/' % web.server_port}))
    until(lambda: os.path.exists(at), 'the handler')

    def end(old):
        if way == 'store':
            call('db.put', {'pointer': '/public/ui/phase', 'value': old})
        else:
            open(go, 'w').close()
        same(json.loads(answers.readline()).get('result'), old, 'the answer')

    return end


def half_received():
    door, answers = connect()
    text = line('phase.async')
    door.sendall(text[:20])

    def end(_old):
        door.sendall(text[20:])
        same(json.loads(answers.readline())['result'], generation, 'what was whole after it')

    return end


def slow_reader():
    door, answers = connect(4096)
    door.sendall(line('phase.large'))
    door.recv(1)  # it is being written

    def end(old):
        answer = json.loads(b'{' + answers.readline())['result']
        same((answer['generation'], len(answer['text'])), (old, 8 << 20), 'what was half written')

    return end


def batch():
    at = os.path.join(work, 'at')
    if os.path.exists(at):
        os.remove(at)
    door, answers = connect()
    members = [('phase.async', {'way': 'none'}), ('phase.async', {'way': 'sleep', 'go': go, 'at': at}),
               ('phase.blocking', {'way': 'sleep', 'go': go})]
    door.sendall(b'[' + b','.join(line(*each).strip() for each in members) + b']\n')
    until(lambda: os.path.exists(at), 'the handler')

    def end(old):
        open(go, 'w').close()
        same([each.get('result') for each in json.loads(answers.readline())], [old] * 3, 'the batch')

    return end


def notification():
    at, done = os.path.join(work, 'at'), os.path.join(work, 'done')
    for each in (at, done):
        if os.path.exists(each):
            os.remove(each)
    door, answers = connect()
    params = {'way': 'sleep', 'go': go, 'at': at, 'done': done}
    door.sendall(json.dumps({'method': 'phase.async', 'params': params}).encode() + b'\n')
    until(lambda: os.path.exists(at), 'the handler')

    def end(old):
        open(go, 'w').close()
        until(lambda: os.path.exists(done) and open(done).read() != '', 'its end')
        same(open(done).read(), str(old), 'the notification')
        door.close()

    return end


def events():
    door, answers = connect()
    door.sendall(line('event.subscribe', {'type': ['phase']}))
    sub = json.loads(answers.readline())['result']['sub']
    call('phase.emit')
    first = json.loads(answers.readline())['params']

    def end(old):
        call('phase.emit')
        second = json.loads(answers.readline())['params']
        same((first['sub'], second['sub']), (sub, sub), 'the subscription')
        same((first['event']['data'], second['event']['data']), (old, generation), 'events')
        door.close()

    return end


def websocket(guid):
    door, answers = connect()
    door.sendall(('GET /ws/rpc/%s HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
                  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n'
                  % (guid, base64.b64encode(b'0' * 16).decode())).encode())
    assert b' 101 ' in answers.readline()
    while answers.readline() != b'\r\n':
        pass
    return door, answers


def says(stream, word, wanted):
    door, answers = stream
    door.sendall(bytes([0x81, 0x80 | len(word), 0, 0, 0, 0]) + word)
    head = answers.read(2)
    same(answers.read(head[1]), wanted, 'the stream')


def promised():
    guid = call('phase.talk')

    def end(old):
        stream = websocket(guid)
        says(stream, b'hi', b'hi %d' % old)
        stream[0].shutdown(socket.SHUT_RDWR)

    return end


def streaming():
    stream = websocket(call('phase.talk'))
    says(stream, b'one', b'one %d' % generation)

    def end(old):
        says(stream, b'two', b'two %d' % old)
        stream[0].shutdown(socket.SHUT_RDWR)

    return end


def uploading():
    guid = call('phase.upload')
    door, answers = connect()
    door.sendall(b'POST /rest/rpc/%s HTTP/1.0\r\nContent-Length: 6\r\n\r\nabc' % guid.encode())

    def end(old):
        door.sendall(b'def')
        same(answers.read().split(b'\r\n\r\n')[1], b'6 %d' % old, 'the upload')

    return end


PHASES = {'half received': half_received, 'half written': slow_reader, 'batch': batch,
          'notification': notification, 'subscription': events, 'stream promised': promised,
          'stream': streaming, 'upload': uploading}
for way in ('sleep', 'store', 'process', 'fetch', 'lease', 'lease_behind', 'channel', 'call', 'spin'):
    PHASES['async, ' + way] = lambda way=way: waiting('async', way)
for way in ('sleep', 'store', 'process'):
    PHASES['async-local, ' + way] = lambda way=way: waiting('async-local', way)
for way in ('sleep', 'process', 'spin'):
    PHASES['blocking, ' + way] = lambda way=way: waiting('blocking', way)

# Those that hold nothing of the old scripts, and those whose thread takes the new ones when they end.
FREE = ('half received', 'half written', 'subscription')
SPINNING = ('async, spin',)

reload()
call('db.put', {'pointer': '/public/ui/phase', 'value': 'begun'})
until(lambda: held() == KEPT, '%d generations' % KEPT)
for name, begin in PHASES.items():
    if os.path.exists(go):
        os.remove(go)
    try:
        old = generation
        end = begin()
        if name in SPINNING:
            swap = threading.Thread(target=reload)
            swap.start()
            end(old)
            swap.join()
        else:
            reload()
            if name not in FREE:
                assert held() > KEPT, 'the old scripts are gone already'
            same(call('phase.async'), generation, 'the next request')
            end(old)
        same(call('phase.async'), generation, 'the next request')
        until(lambda: held() == KEPT, 'the end of the old generation')
    except Exception:
        print('in phase:', name, 'generation', generation, 'held', held(), file=sys.stderr)
        raise
print(len(PHASES), 'phases,', generation, 'reloads')
