"""dry.py LINES DATA: plays the daemon of DATA, types each command line of LINES and compares what arrives
with what was meant. A command without a method of its own is typed where no daemon is: the parser has
to take it. Prints how many there were."""
import json
import os
import socket
import subprocess
import sys
import threading

lines, data = [json.loads(line) for line in open(sys.argv[1])], sys.argv[2]
os.makedirs(data + '/daemon', mode=0o700)
door = socket.socket(socket.AF_UNIX)
door.bind(data + '/daemon/daemon.sock')
door.listen(64)
heard = []


def serve():
    while True:
        caller, _ = door.accept()
        with caller, caller.makefile('rw') as stream:
            request = json.loads(stream.readline())
            heard.append(request)
            stream.write(json.dumps({'jsonrpc': '2.0', 'result': None, 'id': request['id']}) + '\n')
            stream.flush()


def typed(words, patience):
    """The status and what was complained about. What still runs then was taken."""
    with open('said', 'w+') as said:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.terminate()
            process.wait()
        said.seek(0)
        return process.returncode, said.read()


threading.Thread(target=serve, daemon=True).start()
# These would change the machine.
LEFT_OUT = {'daemon.install', 'daemon.uninstall'}
count = 0
helped = set()
for line in lines:
    path = line['path']
    if tuple(path) not in helped:
        helped.add(tuple(path))
        page = subprocess.run(['moon-cli', *path, '--help'], capture_output=True, text=True).stdout
        words = ' '.join(page.split())
        for name in line['named']:
            if ' '.join(name.split()) not in words:
                sys.exit(f'the help of {path} lacks {name!r}: {page}')
    if line['method'] in LEFT_OUT:
        continue
    count += 1
    where = data if line['remote'] else data + '-none'
    heard.clear()
    words = ['moon-cli', '--data-dir', where, *line['words']]
    status, said = typed(words, 60 if line['remote'] else 2)
    if line['remote']:
        if len(heard) != 1 or heard[0]['method'] != line['method'] or heard[0].get('params', {}) != line['params']:
            sys.exit(f'{words}: sent {heard}, not {line["params"]}: {status} {said}')
    elif 'usage: ' in said or any(w in said for w in ('has no option', 'is missing', 'unexpected argument', 'expected')):
        sys.exit(f'{words}: the parser does not take it: {said}')
print(count)
