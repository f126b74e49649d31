/** The cast that serves: workers of a pool, which do with each call what its method says. */
import * as does from '../../../src/os/sim/programs.ts';
import type { ServesOptions, ServingDeed } from '../../../src/os/sim/serving-options.ts';
import { python, shell } from './twins.ts';

/** A method is a deed, or `counts`: three items before the answer. */
const asTold: ServesOptions = {
  each: ({ method }) => (method === 'counts' ? { items: 3 } : { deed: method as ServingDeed }),
};

const SERVES = `import json
def say(message):
    line = json.dumps({'jsonrpc': '2.0', **message}, separators=(',', ':'), ensure_ascii=False)
    sys.stdout.buffer.write(line.encode() + b'\\n')
    sys.stdout.buffer.flush()
def result(id, value): say({'id': id, 'result': value})
def failure(id, code, message): say({'id': id, 'error': {'code': code, 'message': message}})

forgotten = set()
sessions = {}
for line in sys.stdin.buffer:
    call = json.loads(line)
    id, method, params = call.get('id'), call['method'], call.get('params')
    if 'session' in call: sessions[call['session']] = params
    if id is None:
        if method == '$/cancelRequest' and params['id'] in forgotten:
            forgotten.remove(params['id'])
            failure(params['id'], -32800, 'it was cancelled')
    elif method == '$/ping': result(id, {'sessions': True} if HANDS_ON else None)
    elif method == '$/session.save' and HANDS_ON: result(id, sessions.get(params['session']))
    elif method == '$/session.load' and HANDS_ON:
        sessions[params['session']] = params['saved']
        result(id, None)
    elif method.startswith('$/'): failure(id, -32601, f"there is no '{method}'")
    elif method == 'fails': failure(id, -32000, 'it failed')
    elif method == 'dies': os._exit(1)
    elif method == 'hangs': os.kill(os.getpid(), signal.SIGSTOP)
    elif method == 'forgets': forgotten.add(id)
    elif method == 'garbles': print('Segmentation fault', flush=True)
    elif method == 'misaddresses': result(id + 1_000_000, params)
    elif method == 'closes':
        os.closerange(0, 3)
        signal.pause()
    else:
        for item in range(3 if method == 'counts' else 0):
            say({'method': '$/stream', 'params': {'id': id, 'item': item}})
        for _ in range(2 if method == 'answers-twice' else 1): result(id, params)`;

/** It says no `up`, which would be no message. */
export const serves = python('serves', does.serves(asTold), `HANDS_ON = False\n${SERVES}`);

export const handsOnSessions = python(
  'hands-on-sessions',
  does.serves({ ...asTold, sessions: true }),
  `HANDS_ON = True\n${SERVES}`,
);

export const exitsBeforeItServes = shell(
  'exits-before-it-serves',
  does.serves({ exits: 'before-ready', readyAfter: 50, code: 3 }),
  'sleep 0.05; exit 3',
);

export const exitsOnceItServes = shell(
  'exits-once-it-serves',
  does.serves({ exits: 'when-ready', code: 3 }),
  `read -r ping; echo '{"jsonrpc":"2.0","id":1,"result":null}'; exit 3`,
);
