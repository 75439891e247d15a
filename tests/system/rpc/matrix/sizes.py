"""What may be large or many, at every door: sizes.py SOCKET HTTP HTTPS LINES COOKIE PASSWORD PID."""
import os
import time

from doors import *

PASSWORD, PID = sys.argv[6:8]
ECHO = {'id': 7, 'method': 'echo', 'params': {'message': 'still'}}


def refused_as_too_large(door):
    answer = door.next()
    assert answer['error']['code'] == -32600, answer
    assert answer['error']['data']['kind'] == 'request_too_large', answer


def still_serves(door):
    door.send(ECHO)
    assert door.next() == {'jsonrpc': '2.0', 'result': 'still', 'id': 7}


def message(door):
    door.send({**ECHO, 'params': {'message': 'x' * 99000}})
    assert len(door.next()['result']) == 99000
    door.send({**ECHO, 'params': {'message': 'x' * 100000}})
    if door.kind == 'websocket':
        kind, text = door.frame()
        assert (kind, int.from_bytes(text[:2], 'big')) == (8, 1009), (kind, text)
        return
    refused_as_too_large(door)
    if door.kind == 'lines':
        still_serves(door)
    else:
        assert door.at_end()


def nesting(door):
    deep = lambda levels: {'id': 1, 'method': 'echo', 'params': json.loads('[' * levels + ']' * levels)}
    door.send(deep(19))
    assert door.next()['error']['code'] == -32602
    door.send(deep(20))
    refused_as_too_large(door)
    still_serves(door)


def batch(door):
    door.send([ECHO] * 12)
    assert [each['result'] for each in door.next()] == ['still'] * 12
    door.send([ECHO] * 13)
    refused_as_too_large(door)
    still_serves(door)


def in_flight(door):
    """Of what is asked at once, two are under way at a time: neither more nor one by one."""
    hold = {'id': 1, 'method': 'matrix.hold'}
    door.send(*[hold] * 8)
    seen = [door.next()['result'] for _ in range(8)]
    assert max(seen) == 2, seen
    door.send([hold] * 8)
    seen = [each['result'] for each in door.next()]
    assert max(seen) == 2, seen


def header():
    """Of a request and of an upgrade."""
    for connect in (unix, tcp, tls):
        for begin in (b'POST /rpc/v1 HTTP/1.1\r\nContent-Length: 2\r\nA: ', UPGRADE.encode()[:-6]):
            one = Http(connect())
            one.socket.sendall(begin + b'x' * 2000)
            assert one.response()[0] == 431
            assert one.at_end()
            one.close()


def slow_reader(door):
    """Who asks for a lot and reads nothing is not read himself; when he reads, he gets all of it."""
    asked = 40
    before = CONTROL.call('matrix.count')
    door.send(*[{'id': each, 'method': 'matrix.big'} for each in range(asked)])
    answered, same = 0, 0
    while same < 5:
        time.sleep(0.05)
        now = CONTROL.call('matrix.count') - before
        same = same + 1 if now == answered and now > 0 else 0
        answered = now
    assert answered < 25, 'it made %d MiB of answers for one who does not read' % answered
    ids = []
    for _ in range(asked):
        answer = door.next()
        assert len(answer['result']) == 1 << 20
        ids.append(answer['id'])
    assert sorted(ids) == list(range(asked)), ids


def resident():
    return int(re.search(r'VmRSS:\s+(\d+)', open('/proc/%s/status' % PID).read())[1]) / 1024


def read_events(door, sub, last):
    got = dropped = 0
    while True:
        notice = door.next()
        told = notice['params']
        assert told['sub'] == sub, notice
        if notice['method'] == 'lagged':
            dropped += told['dropped']
        else:
            got += 1
            if last(told['event']['data']):
                return got, dropped


def slow_subscribers():
    """Events, at every door that lasts: the memory is bounded, each hears exactly what it missed."""
    total, doors = 60000, {}
    for name, enter in DOORS.items():
        door = enter()
        if name == 'lines over TLS':
            door.call('auth.login', {'password': PASSWORD})
        if door.kind != 'http':
            doors[name] = door
    door = Http(unix())
    door.send({'id': 1, 'method': 'event.subscribe', 'params': {'type': ['bench']}})
    assert door.next()['error']['data']['kind'] == 'conflict'
    subs = {name: door.call('event.subscribe', {'type': ['bench']})['sub']
            for name, door in doors.items()}
    CONTROL.call('bench.emit', {'rate': 20000, 'count': 2000})
    before = resident()
    assert CONTROL.call('bench.emit', {'rate': 60000, 'count': total})['sent'] == total
    # AddressSanitizer keeps what was freed.
    bound = 300 if '/asan/' in os.environ['MOONBOX_BIN'] else 50
    assert resident() - before < bound, '%d MiB more' % (resident() - before)
    for name, door in doors.items():
        got, dropped = read_events(door, subs[name], lambda data: data['n'] == total)
        assert dropped > 0 and got + dropped == total + 2000, (name, got, dropped)
        door.close()


def slow_log_readers():
    """The same for the lines of the log: a subscription, and a stream of its own."""
    total = 5000
    line = Lines(unix())
    sub = line.call('event.subscribe', {'channel': 'logs', 'target': ['matrix']})['sub']
    guid = line.call('server.logs.follow', {'target': ['matrix'], 'limit': 0})['guid']
    stream = WebSocket(unix(), '/ws/rpc/' + guid)
    CONTROL.call('script.eval', {'code': """
        local log = require('engine.log')
        for n = 1, %d do log.info('matrix', ('x'):rep(2000), { n = n }) end
        log.info('matrix', 'that was it')""" % total, 'vm': 'control'})
    got, dropped = read_events(line, sub, lambda data: data['message'] == 'that was it')
    assert dropped > 0 and got + dropped == total + 1, (got, dropped)
    got = dropped = 0
    while True:
        entry = stream.next()
        dropped += entry.get('lagged', 0)
        got += 1
        if entry['message'] == 'that was it':
            break
    assert dropped > 0 and got + dropped == total + 1, (got, dropped)


def one_door_after_the_other(test):
    """What is counted in the daemon is this door's."""
    for name, enter in DOORS.items():
        print('at the door %r, %s:' % (name, test.__name__), file=sys.stderr)
        door = enter()
        test(door)
        door.close()


CONTROL = Lines(unix())
for test in (message, nesting, batch):
    at_every_door(test, 'lines', 'http', 'websocket')
for test in (in_flight, slow_reader):
    one_door_after_the_other(test)
header()
slow_subscribers()
slow_log_readers()
