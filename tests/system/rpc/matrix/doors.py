"""Every door of a daemon, each with the same words: doors.py is imported by the two halves."""
import json
import re
import socket
import ssl
import sys
from concurrent.futures import ThreadPoolExecutor

PATH, HTTP, HTTPS, LINES, COOKIE = sys.argv[1:6]
PATIENCE = 60
UPGRADE = ('GET %s HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
           'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n')


def unix():
    one = socket.socket(socket.AF_UNIX)
    one.settimeout(PATIENCE)
    one.connect(PATH)
    return one


def tcp(port=HTTP):
    one = socket.socket()
    one.settimeout(PATIENCE)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    one.connect(('127.0.0.1', int(port)))
    return one


def tls(port=HTTPS):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(tcp(port))


class Lines:
    """One message a line; the words of the other doors are the same."""
    kind = 'lines'

    def __init__(self, one):
        self.socket = one
        self.file = one.makefile('rb')

    def wrap(self, text):
        return text + b'\n'

    def send(self, *requests):
        """All in one write."""
        self.socket.sendall(b''.join(self.wrap(json.dumps(each).encode()) for each in requests))

    def next(self):
        """The next answer; None at the end."""
        line = self.file.readline()
        return json.loads(line) if line else None

    def call(self, method, params={}):
        self.send({'id': 1, 'method': method, 'params': params})
        answer = self.next()
        assert answer and 'result' in answer, answer
        return answer['result']

    def at_end(self):
        try:
            return self.file.read(1) == b''
        except ConnectionResetError:
            return True

    def close(self):
        self.file.close()
        self.socket.close()


class Http(Lines):
    kind = 'http'

    def wrap(self, text):
        return b'POST /rpc/v1 HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s' % (len(text), text)

    def response(self):
        """Status and body; None at the end."""
        status = self.file.readline()
        if not status:
            return None
        head = b''
        while not head.endswith(b'\r\n\r\n') and head != b'\r\n':
            head += self.file.readline()
        length = int(re.search(rb'content-length: (\d+)', head, re.I)[1])
        return int(status.split()[1]), self.file.read(length)

    def next(self):
        got = self.response()
        assert got is None or got[0] == 200, got
        return got and json.loads(got[1])


class WebSocket(Lines):
    kind = 'websocket'

    def __init__(self, one, target='/rpc/v1', header=''):
        super().__init__(one)
        one.sendall((UPGRADE % (target, header)).encode())
        status = self.file.readline()
        assert b' 101 ' in status, status
        while self.file.readline() != b'\r\n':
            pass

    def wrap(self, text):
        size = len(text)
        head = bytes([0x81, 0x80 | size]) if size < 126 else \
            bytes([0x81, 0xfe]) + size.to_bytes(2, 'big') if size < 65536 else \
            bytes([0x81, 0xff]) + size.to_bytes(8, 'big')
        return head + bytes(4) + text

    def frame(self):
        head = self.file.read(2)
        size = head[1]
        if size > 125:
            size = int.from_bytes(self.file.read(2 if size == 126 else 8), 'big')
        return head[0] & 15, self.file.read(size)

    def next(self):
        kind, text = self.frame()
        assert kind == 1, (kind, text)
        return json.loads(text)


KNOWN = 'Cookie: local=%s\r\n' % open(COOKIE).read().strip()
DOORS = {
    'lines': lambda: Lines(unix()),
    'lines over TLS': lambda: Lines(tls(LINES)),
    'HTTP over the Unix socket': lambda: Http(unix()),
    'HTTP': lambda: Http(tcp()),
    'HTTPS': lambda: Http(tls()),
    'WebSocket over the Unix socket': lambda: WebSocket(unix()),
    'WebSocket': lambda: WebSocket(tcp(), header=KNOWN),
    'WebSocket over TLS': lambda: WebSocket(tls(), header=KNOWN),
}


def at_every_door(test, *kinds):
    """At those of these kinds; all at once, since most of them wait."""
    def at(name):
        door = DOORS[name]()
        try:
            if door.kind in kinds:
                test(door)
        except Exception:
            print('at the door %r, %s:' % (name, test.__name__), file=sys.stderr)
            raise
        finally:
            door.close()

    with ThreadPoolExecutor() as pool:
        for _ in pool.map(at, DOORS):
            pass
