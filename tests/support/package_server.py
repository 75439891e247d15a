"""A web server for packages that keeps every promise, or breaks the one its path names.

    package_server.py FOLDER PORT-FILE LOG [CERTIFICATE-AND-KEY]

With a certificate (PEM, the key behind it) it speaks TLS.
/MODE/NAME serves FOLDER/NAME: `ranges` as it should be, `plain` without ranges; the others lie or
break. Every request is a line of LOG: method, path, range asked for, status, bytes of body sent.
"""
import http.server
import itertools
import os
import re
import ssl
import sys
import threading

folder, port_file, log_file = sys.argv[1:4]
gone = threading.Event()  # never comes: what waits for it waits for the client to give up
numbers = itertools.count(1)
log_lock = threading.Lock()
BROKEN_AFTER = 100_000


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        if self.mode() == "no-head":
            return self.refuse(405)
        if self.mode() == "busy" and next(numbers) % 2 == 1:
            return self.refuse(503)
        self.answer()

    def do_GET(self):
        if self.mode() == "busy" and next(numbers) % 2 == 1:
            return self.refuse(503)
        self.answer()

    def mode(self):
        return self.path.split("/")[1]

    def refuse(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.note(status, 0)

    def answer(self):
        try:
            file = open(os.path.join(folder, self.path.split("/")[2]), "rb")
        except OSError:
            return self.refuse(404)
        with file:
            self.answer_from(file)

    def answer_from(self, file):
        size = os.fstat(file.fileno()).st_size
        mode, asked = self.mode(), re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        whole = asked is None or mode in ("plain", "plain-breaks", "plain-always-breaks")
        first, last = (0, size - 1) if whole else (int(asked[1]), int(asked[2]))
        file.seek(first)
        body = file.read(last + 1 - first)
        places = {"redirect": self.path.replace("/redirect/", "/ranges/"), "loop": self.path,
                  "to-file": "file:///etc/passwd"}
        if mode in places:
            self.send_response(302)
            self.send_header("Location", places[mode])
            self.send_header("Content-Length", "0")
            self.end_headers()
            return self.note(302, 0)
        if mode == "endless-head":
            return self.answer_endlessly()
        self.send_response(200 if whole else 206)
        total = size
        if mode == "wrong-range" and not whole:
            first += 1
        if mode == "wrong-total" and not whole:
            total += 1
        if mode == "short-range" and not whole:
            last -= 1
            body = body[:-1]
        if not whole and mode != "no-range":
            self.send_header("Content-Range", f"bytes {first}-{last}/{total}")
        if mode == "flipped":
            body = body[:-1] + bytes([body[-1] ^ 1])
        if mode == "encoded" and not whole:
            self.send_header("Content-Encoding", "br")
        etag = f'"{next(numbers)}"' if mode == "changing" else '"v1"'
        self.send_header("ETag", etag)
        self.send(mode, body, whole)

    def send(self, mode, body, whole):
        cut = len(body)
        if mode == "long" and not whole:
            body += b"x" * 10
            cut = len(body)
        if mode == "short" and not whole:
            body = body[:-10]
            cut = len(body)
        breaks = mode in ("breaks", "plain-breaks", "plain-always-breaks", "never")
        if breaks and self.command == "GET":
            cut = 0 if mode == "never" else min(cut, BROKEN_AFTER)
            if mode == "plain-breaks":
                cut = min(len(body), BROKEN_AFTER * next(numbers))
        if mode == "no-length":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
            return self.note(200, len(body))
        if mode == "long" and not whole:
            self.send_header("Connection", "close")
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        sent = 0
        if self.command == "GET" and mode in ("silent", "drips"):
            sent = self.linger(mode, body)
        elif self.command == "GET":
            try:
                while sent < cut:
                    sent += self.wfile.write(body[sent : min(cut, sent + 16384)])
            except OSError:
                cut = sent
        if cut < len(body):
            self.close_connection = True
        self.note(200 if whole else 206, sent)

    def answer_endlessly(self):
        self.send_response(200)
        self.flush_headers()
        try:
            while True:
                self.wfile.write(b"X-More: " + b"x" * 8192 + b"\r\n")
        except OSError:
            self.close_connection = True
            self.note(200, 0)

    def linger(self, mode, body):
        """Begins, and then is too slow for anybody."""
        sent = self.wfile.write(body[:1000])
        try:
            while mode == "silent" or sent < len(body):
                gone.wait(0.2)
                if mode == "drips":
                    sent += self.wfile.write(body[sent : sent + 10])
                elif not self.connection.recv(1):
                    break
        except OSError:
            pass
        self.close_connection = True
        return sent

    def note(self, status, sent):
        with log_lock, open(log_file, "a") as log:
            print(self.command, self.path, self.headers.get("Range", "-"), status, sent, file=log)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        pass  # clients that hang up are part of the test


server = Server(("127.0.0.1", 0), Handler)
server.daemon_threads = True
if len(sys.argv) > 4:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[4])
    # The handshake is the connection's own business, not that of the thread that accepts.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
with open(port_file + ".new", "w") as file:
    print(server.server_address[1], file=file)
os.rename(port_file + ".new", port_file)
server.serve_forever()
