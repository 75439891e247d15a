"""every.py DOCUMENT SOCKET HTTP TOKEN: asks each method of the OpenRPC document what must be refused, as
root, as a session and as nobody, and compares who is let in with the metadata. Prints how often it asked.
What the check lets pass would be run, so each question has something wrong in it."""
import http.client
import json
import socket
import sys

document, path, address, token = json.load(open(sys.argv[1])), *sys.argv[2:]
asked = 0
UNFIT = {'object': 5, 'array': {'a': 1}}


def fail(*words):
    sys.exit(' '.join(str(w) for w in words))


lines = socket.socket(socket.AF_UNIX)
lines.connect(path)
stream = lines.makefile('rw')


def root(method, params):
    global asked
    asked += 1
    stream.write(json.dumps({'id': asked, 'method': method, 'params': params}) + '\n')
    stream.flush()
    answer = json.loads(stream.readline())
    if answer['id'] != asked or 'error' not in answer:
        fail(method, params, 'is not refused:', answer)
    return answer['error']


door = http.client.HTTPConnection(address)


def over_http(method, params, **headers):
    global asked
    asked += 1
    door.request('POST', '/rpc/v1', json.dumps({'id': 1, 'method': method, 'params': params}), headers)
    return json.loads(door.getresponse().read())['error']


def finds(method, params, where, what):
    """The check names this place and says this of it, and the message begins with what it found."""
    error = root(method, params)
    found = {p['path']: p['message'] for p in (error.get('data') or {}).get('info') or []}
    if error['code'] != -32602 or what not in found.get(where, ''):
        fail(method, params, 'lacks', where, what, error)
    if not error['data']['details'].startswith('params'):
        fail(method, params, 'has no headline:', error)


def unfit(schema):
    kinds = schema.get('type')
    if kinds is None and not any(k in schema for k in ('anyOf', 'oneOf', 'enum')):
        return None  # anything fits
    return UNFIT.get(kinds if isinstance(kinds, str) else '', {'neither': 'this'})


for method in document['methods']:
    name, metadata = method['name'], method['x-moonbox'].get('metadata', {})
    finds(name, {'noSuch': 1}, 'params.noSuch', 'is unknown')
    error = root(name, {'__Auth_session': 'forged'})
    if error['code'] != -32602 or '__Auth_session' not in error['data']['details']:
        fail(name, 'takes a name of the engine:', error)
    for params in ([1], 'text', 7, True):
        error = root(name, params)
        if error['code'] != -32602:
            fail(name, params, 'is', error)
    for param in method['params']:
        where = 'params.' + param['name']
        if param.get('required'):
            finds(name, {'noSuch': 1}, where, 'is required')
        value = unfit(param['schema'])
        if value is not None:
            finds(name, {'noSuch': 1, param['name']: value}, where, 'expected')
    # Who may call it is decided before what was sent is looked at.
    code = over_http(name, {'noSuch': 1})['code']
    stranger_may = metadata.get('authenticated') is False or metadata.get('login') is True
    if code != (-32602 if stranger_may else 34):
        fail(name, 'answers a stranger with', code)
    code = over_http(name, {'noSuch': 1}, Cookie='session=' + token)['code']
    if code != (34 if metadata.get('local') else -32602):
        fail(name, 'answers the owner from afar with', code)
# Lua in the live daemon, and what looks into its calls, is for nobody but its owner on this machine.
for name in ('script.eval', 'script.complete', 'script.follow', 'script.sample'):
    metadata = next(m for m in document['methods'] if m['name'] == name)['x-moonbox']['metadata']
    if not (metadata.get('local') and metadata.get('admin')):
        fail(name, 'is open:', metadata)
print(asked)
