"""A registry and a place for files in one: server.py FOLDER PORT-FILE LOG

PUT stores below FOLDER/files, GET and HEAD give it back without ranges. POST /rpc/v0 notes body and
signature header as one JSON line of LOG and accepts, but for a package `refused`.
"""
import http.server
import json
import os
import sys

folder, port_file, log_file = sys.argv[1:4]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def place(self):
        return os.path.join(folder, self.path.lstrip("/"))

    def reply(self, status, body=b""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_PUT(self):
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if not self.path.startswith("/files/"):
            return self.reply(403)
        os.makedirs(os.path.dirname(self.place()), exist_ok=True)
        with open(self.place(), "wb") as file:
            file.write(content)
        self.reply(201)

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        try:
            with open(self.place(), "rb") as file:
                self.reply(200, file.read())
        except OSError:
            self.reply(404)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        with open(log_file, "a") as log:
            note = {"path": self.path, "body": body, "header": self.headers["X-StartOS-Auth-Sig"]}
            print(json.dumps(note), file=log)
        if "refused" in self.path:
            answer = {"error": {"code": -32603, "message": "x", "data": {"details": "not a signer"}}}
        elif "silent" in self.path:
            return self.reply(200, b"<html>")
        else:
            answer = {"result": None}
        self.reply(200, json.dumps({"jsonrpc": "2.0", "id": 1, **answer}).encode())

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
with open(port_file + ".new", "w") as file:
    print(server.server_address[1], file=file)
os.rename(port_file + ".new", port_file)
server.serve_forever()
