"""Those who ask nothing, and those who do: idle.py HTTP-PORT LINES-PORT COOKIE-FILE."""
import select
import socket
import ssl
import struct
import sys
import time

HTTP, LINES, COOKIE = int(sys.argv[1]), int(sys.argv[2]), open(sys.argv[3]).read().strip()
HELLO = b'{"id":1,"method":"echo","params":{"message":"hi"}}'
JOBS = b'{"id":1,"method":"job.list"}'
PATIENCE = 60


def websocket(headers=b''):
    one = socket.create_connection(('127.0.0.1', HTTP), PATIENCE)
    one.sendall(b'GET /rpc/v1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
                b'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
                + headers + b'\r\n')
    head = b''
    while not head.endswith(b'\r\n\r\n'):
        head += one.recv(1)
    assert b' 101 ' in head, head
    return one


def tls_lines():
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(socket.create_connection(('127.0.0.1', LINES), PATIENCE))


def say(one, text=HELLO):
    """A text message, masked with zeros."""
    one.sendall(bytes([0x81, 0x80 | len(text)]) + bytes(4) + text)


def frame(one):
    head = one.recv(2, socket.MSG_WAITALL)
    assert head[1] < 126, head
    return head[0] & 15, one.recv(head[1], socket.MSG_WAITALL)


silent, talker = websocket(), websocket()
known = websocket(b'Cookie: local=' + COOKIE.encode() + b'\r\n')
say(known, JOBS)  # `echo` asks nobody who he is
assert b'"result":[]' in frame(known)[1]
line = tls_lines()

# The talker asks until the silent one is let go, and has its answers.
begun, asked = time.monotonic(), 0
while not select.select([silent], [], [], 0.2)[0]:
    assert time.monotonic() - begun < PATIENCE, 'the silent one may stay'
    say(talker)
    kind, text = frame(talker)
    assert kind == 1 and b'"result":"hi"' in text, (kind, text)
    asked += 1
assert asked > 1, asked
kind, text = frame(silent)
assert kind == 8 and struct.unpack('!H', text[:2])[0] == 1008, (kind, text)
assert b'nothing was asked for too long' in text, text

said = b''
while True:
    more = line.recv(4096)
    if not more:
        break
    said += more
assert b'"kind":"timeout"' in said and said.endswith(b'\n'), said

# Who is known has been silent for as long.
say(known)
kind, text = frame(known)
assert kind == 1 and b'"result":"hi"' in text, (kind, text)
