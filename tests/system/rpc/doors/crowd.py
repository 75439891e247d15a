"""A crowd at the doors: crowd.py SOCKET HTTP-PORT HTTPS-PORT, limits as in `run`."""
import json
import socket
import ssl
import sys
import time

PATH, HTTP, HTTPS = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
HELLO = b'{"id":1,"method":"echo","params":{"message":"hi"}}'
POST = (b'POST /rpc/v1 HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n' % len(HELLO)) + HELLO


def from_address(address, port=HTTP):
    return socket.create_connection(('127.0.0.1', port), 20, (address, 0))


def local():
    one = socket.socket(socket.AF_UNIX)
    one.settimeout(20)
    one.connect(PATH)
    return one


def until(one, end):
    got = b''
    while end not in got:
        more = one.recv(65536)
        if not more:
            break
        got += more
    return got


def asked(one):
    """Asks over HTTP: the connection counts from now on at the latest."""
    one.sendall(POST)
    return until(one, b'"id":1}')


def asked_line(one):
    one.sendall(HELLO + b'\n')
    return until(one, b'\n')


def held(one, ask=asked):
    answer = ask(one)
    assert b'"result":"hi"' in answer, answer
    return one


def eventually(succeeds):
    end = time.monotonic() + 20
    while not succeeds():
        assert time.monotonic() < end, 'never came'
        time.sleep(0.02)


# Two of an address; the third is refused, whether it has spoken or not, the socket read to its end.
own = [held(from_address('127.0.0.1')), held(from_address('127.0.0.1'))]
for speak in (False, True):
    third = from_address('127.0.0.1')
    if speak:
        third.sendall(POST * 20)
    refusal = until(third, b'no such end')
    assert refusal.startswith(b'HTTP/1.1 503 ') and b'\r\nRetry-After: 1\r\n' in refusal, refusal
    length = int(refusal.split(b'Content-Length: ')[1].split(b'\r')[0])
    assert len(refusal.split(b'\r\n\r\n')[1]) == length, refusal
plain = ssl.create_default_context()
plain.check_hostname, plain.verify_mode = False, ssl.CERT_NONE
try:
    plain.wrap_socket(from_address('127.0.0.1', HTTPS))
    raise SystemExit('a third connection over TLS')
except ssl.SSLError as refused:
    assert 'ALERT' in str(refused).upper(), refused

# Others come in, up to all there may be.
other = held(from_address('127.0.0.2'))
assert until(from_address('127.0.0.3'), b'no such end').startswith(b'HTTP/1.1 503 ')

# On the Unix socket there is room of its own, for lines and HTTP together.
# Who asked for the ports may still be leaving.
inside = []


def enter():
    one = local()
    answer = (asked if len(inside) % 2 else asked_line)(one)
    if b'"result":"hi"' in answer:
        inside.append(one)
    return len(inside) == 4


eventually(enter)
refusal = json.loads(until(local(), b'\n'))
assert refusal['error']['data']['kind'] == 'busy', refusal
assert refusal['error']['data']['info']['retryAfterMs'] == 1000, refusal

# Whoever goes makes room.
inside.pop().close()
eventually(lambda: b'"result":"hi"' in asked_line(local()))
own.pop().close()
eventually(lambda: b' 200 OK' in asked(from_address('127.0.0.1')))
