"""kill.py DATA-DIR ROUNDS: see run. The daemon runs at the beginning and at the end."""
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time

DATA, ROUNDS = sys.argv[1], int(sys.argv[2])
SOCKETS, COMMANDS = 14, 2
PATIENCE = 60
CLI = ['moon-cli', '--data-dir', DATA]


def must(fine, *words):
    if not fine:
        sys.exit('kill.py: ' + ' '.join(map(str, words)))


class Connection:
    """JSON-RPC, a line each way."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(DATA + '/daemon/daemon.sock')
        self.lines = self.socket.makefile('rb')

    def call(self, method, params):
        """What it answers; None when nobody is there any more."""
        request = {'id': 1, 'method': method, 'params': params}
        try:
            self.socket.sendall(json.dumps(request).encode() + b'\n')
            line = self.lines.readline()
        except ConnectionError:
            return None
        if not line.endswith(b'\n'):
            return None
        answer = json.loads(line)
        if answer.get('error', {}).get('data', {}).get('kind') == 'shutting_down':
            return None
        must('result' in answer, method, 'is answered by', answer)
        return answer['result']


def value_of(count):
    """Changes in two places that have to agree."""
    return {'count': count, 'copy': 'x' * (count % 90 * 20) + str(count)}


def put_by_socket(connection, place, value):
    return connection.call('db.put', {'pointer': place, 'value': value})


def put_by_command(_, place, value):
    command = CLI + ['db', 'put', place, json.dumps(value), '--format', 'json']
    ran = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    return json.loads(ran.stdout) if ran.returncode == 0 else None


def write(number, put, connection, count, heard):
    """Until nobody answers; notes (revision, writer, count) of each change that was."""
    while True:
        count += 1
        done = put(connection, '/public/ui/w%d' % number, value_of(count))
        if done is None:
            return
        heard.append((done['revision'], number, count))


def kill_under_load(first_count):
    """What was acknowledged before the daemon was killed."""
    heard = []
    with open(DATA + '/daemon/daemon.pid') as file:
        pid = int(file.read())
    writers = []
    for number in range(SOCKETS + COMMANDS):
        put = put_by_socket if number < SOCKETS else put_by_command
        connection = Connection() if number < SOCKETS else None
        writers.append(threading.Thread(target=write,
                                        args=(number, put, connection, first_count, heard)))
    for writer in writers:
        writer.start()
    end = time.monotonic() + PATIENCE
    while not heard:
        must(time.monotonic() < end, 'nothing is acknowledged')
        time.sleep(0.001)
    time.sleep(random.uniform(0, 0.15))  # the random moment is the point of the test
    os.kill(pid, signal.SIGKILL)
    for writer in writers:
        writer.join(PATIENCE)
        must(not writer.is_alive(), 'a writer waits for an answer of nobody')
    return heard


def apply(document, operation):
    """To {writer: value}: what is put is an object below /public/ui, or a member of one."""
    path = operation['path'].split('/')[1:]
    if path[:2] != ['public', 'ui']:
        return
    if len(path) == 2:
        must(operation['op'] != 'remove', operation)
        document.clear()
        document.update(operation['value'])
        return
    holder = document if len(path) == 3 else document[path[2]]
    must(len(path) in (3, 4), operation)
    if operation['op'] == 'remove':
        del holder[path[-1]]
    else:
        holder[path[-1]] = operation['value']


def revisions_since(connection, before):
    told = connection.call('db.history',
                           {'pointer': '', 'since': before, 'limit': 10000, 'patch': True})
    return sorted(told['revisions'], key=lambda each: each['id'])


def check_round(connection, before, heard, document):
    """The revisions after `before` hold all that was heard; `document` is taken along. Gives the
    newest one."""
    acknowledged = {revision: (writer, count) for revision, writer, count in heard}
    must(len(acknowledged) == len(heard), 'a revision was given out twice')
    for revision in revisions_since(connection, before):
        # An empty one is what opening appends, at an id that nobody has seen.
        empty = revision['patch'] == []
        must(revision['id'] == before + 1 or empty and revision['id'] > before,
             'after', before, 'comes', revision['id'])
        before = revision['id']
        for operation in revision['patch']:
            apply(document, operation)
        if before in acknowledged:
            writer, count = acknowledged.pop(before)
            now = document.get('w%d' % writer)
            must(now == value_of(count), 'revision', before, 'was', count, 'and is', now)
    must(not acknowledged, 'lost:', acknowledged)
    return before


def main():
    document, head, answered = {}, 0, 0
    connection = Connection()
    head = check_round(connection, head, [], document)
    for number in range(ROUNDS):
        heard = kill_under_load(number * 100000)
        started = subprocess.run(CLI + ['daemon', 'start'], capture_output=True, text=True)
        must(started.returncode == 0, 'it does not start again:', started.stderr)
        connection = Connection()
        head = check_round(connection, head, heard, document)
        seen = connection.call('db.get', {'pointer': '/public/ui'})
        must(seen == document, 'the document is not what the log says:', seen, document)
        for name, value in seen.items():
            must(value == value_of(value['count']), 'torn:', name, value)
        answered += len(heard)
    print('%d kills, %d acknowledged changes' % (ROUNDS, answered))


random.seed(4711)
main()
