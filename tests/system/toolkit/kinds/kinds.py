"""Asks the handlers of kinds.lua where they run."""
import json, socket, sys


class Line:
    def __init__(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(sys.argv[1])
        self.file = self.sock.makefile('r')

    def send(self, *names):
        lines = [json.dumps({'id': name, 'method': name if '.' in name else 'kinds.' + name})
                 for name in names]
        self.sock.sendall(('\n'.join(lines) + '\n').encode())

    def answer(self):
        return json.loads(self.file.readline())

    def ask(self, name):
        self.send(name)
        return self.answer()['result']


lines = [Line() for _ in range(8)]

# fn and async: one VM a connection, the same for both; all connections together have two, as there are
# two workers. What is kept in a variable is kept in each of them apart.
fn = [line.ask('fn-where')['vm'] for line in lines]
assert len(set(fn)) == 2, fn
assert [line.ask('fn-where')['vm'] for line in lines] == fn
assert [line.ask('async-where')['vm'] for line in lines] == fn

# async_local: one VM for all, and none of the workers'. It may keep what it likes: nobody misses a call.
local = [line.ask('async-local-where') for line in lines]
assert len({one['vm'] for one in local}) == 1 and local[0]['vm'] not in fn, local
assert [one['calls'] for one in local] == list(range(1, 9)), local

# blocking: VMs of its own.
blocking = {line.ask('blocking-where')['vm'] for line in lines}
assert not blocking & {*fn, local[0]['vm']}, blocking

# What waits, or computes elsewhere, holds nobody up: the one who lets it go comes behind it.
line = lines[0]
for name in ('async-wait', 'async-local-wait', 'async-local-compute', 'blocking-wait',
             'blocking-compute'):
    line.send(name, 'release')
    answers = [line.answer() for _ in range(2)]
    assert [answer['id'] for answer in answers] == ['release', name], (name, answers)
    assert name != 'async-wait' or answers[1]['result']['vm'] == fn[0], answers
# The calls of a batch run at the same time, and are answered in their order.
for name in ('async-wait', 'blocking-compute'):
    line.sock.sendall(json.dumps([{'id': 1, 'method': 'kinds.' + name},
                                  {'id': 2, 'method': 'kinds.release'}]).encode() + b'\n')
    assert [answer['id'] for answer in line.answer()] == [1, 2], name
# What computes on the worker holds up its own connection, and no other worker.
other = lines[next(i for i, vm in enumerate(fn) if vm != fn[0])]
for name in ('fn-compute', 'async-compute'):
    line.send(name, 'git-info.')
    other.send('release')
    assert other.answer()['id'] == 'release'
    answers = [line.answer() for _ in range(2)]
    assert [answer['id'] for answer in answers] == [name, 'git-info.'], (name, answers)
    assert answers[0]['result']['vm'] == fn[0], answers
# fn runs at once, outside of any task, so it cannot wait; that is its author's mistake.
line.send('fn-wait')
error = line.answer()['error']
assert error['data']['kind'] == 'script' and 'correlationId' in error['data']['info'], error
