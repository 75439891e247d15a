"""What may last, at every door: times.py SOCKET HTTP HTTPS LINES COOKIE."""
from doors import *


def begun_line(door):
    """A line that is begun and not ended: it is said why, then it is the end."""
    door.socket.sendall(b'{"id":1,')
    answer = door.next()
    assert answer['id'] is None and answer['error']['data']['kind'] == 'timeout', answer
    assert door.at_end()


def begun_request(door):
    door.socket.sendall(b'POST /rpc/v1 HTTP/1.1\r\nHost')
    assert door.response()[0] == 408
    assert door.at_end()


def idle(door):
    door.call('echo', {'message': 'hi'})
    assert door.at_end()


def never_spoken(door):
    assert door.at_end()


def handshake():
    begun = [Lines(tcp(port)) for port in (HTTPS, HTTPS, LINES, LINES)]
    for one, said in zip(begun, (b'', b'\x16\x03\x01') * 2):
        one.socket.sendall(said)
    for one in begun:
        assert one.at_end()
        one.close()


def subscribed():
    """Who waits for events is not idle: another connection that began later ends before."""
    subscriber = Lines(unix())
    sub = subscriber.call('event.subscribe', {'type': ['notification.*']})['sub']
    assert Lines(unix()).at_end()
    Lines(unix()).call('notification.create', {'level': 'info', 'title': 'a', 'message': 'b'})
    assert subscriber.next()['params']['event']['type'] == 'notification.created'
    assert subscriber.call('event.unsubscribe', {'sub': sub})
    assert subscriber.at_end()


at_every_door(begun_line, 'lines')
at_every_door(begun_request, 'http')
at_every_door(idle, 'lines', 'http')
at_every_door(never_spoken, 'lines', 'http')
handshake()
subscribed()
