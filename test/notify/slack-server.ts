/**
 * A server that answers as Slack documents it: chat.postMessage, chat.update and an incoming webhook, with their limits.
 * It keeps what it took, and refuses as it is told.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { serveHttp } from '../support/http-server.ts';

export const token = 'xoxb-1234567890-abcdefghijkl';
export const channel = 'C0123456789';
export const webhookPath = '/services/T0/B0/secretsecretsecret';

export interface Taken {
  ts: string;
  thread: string | null;
  broadcast: boolean;
  text: string;
  blocks: any[];
  metadata: any;
  edits: number;
}

/** What the next request gets in place of an answer: an error's word, a status, or what is done with its connection. */
export type Fault =
  | { word: string }
  | { status: number; body?: string; headers?: Record<string, string> }
  | { take: boolean; end: 'cut' | 'drip' };

export async function slackServer() {
  const taken: Taken[] = [];
  const requests: { path: string; fields: Record<string, any> }[] = [];
  const faults: { path: RegExp; fault: Fault; passing: number }[] = [];
  let clock = 1_764_360_000;

  const { url, host } = await serveHttp(async (incoming, answer) => {
    const path = incoming.url!;
    const fields = fieldsOf(incoming, await bodyOf(incoming));
    requests.push({ path, fields });
    const at = faults.findIndex((each) => each.path.test(path) && (each.passing -= 1) < 0);
    const fault = at === -1 ? null : faults.splice(at, 1)[0]!.fault;
    const say = sayAs(path, answer);
    if (fault && 'word' in fault) return say(fault.word);
    if (fault && 'status' in fault) {
      answer.writeHead(fault.status, fault.headers).end(fault.body ?? '');
      return;
    }
    const { word, ts } =
      fault && !fault.take ? { word: null, ts: '' } : take(path, incoming, fields);
    if (!fault) return say(word, ts);
    if (fault.end === 'cut') return void incoming.socket.destroy();
    answer.writeHead(200, { 'content-type': 'application/json' });
    const dripping = setInterval(() => answer.write(' '), 20);
    answer.on('close', () => clearInterval(dripping));
  });

  function take(path: string, incoming: IncomingMessage, fields: Record<string, any>) {
    const refused = refusedFor(path, incoming, fields);
    if (refused !== null) return { word: refused, ts: '' };
    if (path === '/api/chat.update') {
      const found = taken.find(({ ts }) => ts === fields['ts']);
      if (!found) return { word: 'message_not_found', ts: '' };
      // Without blocks, those of before stay.
      Object.assign(found, {
        text: fields['text'],
        ...(fields['blocks'] && { blocks: fields['blocks'] }),
      });
      found.edits += 1;
      return { word: null, ts: found.ts };
    }
    if (fields['thread_ts'] && !taken.some(({ ts }) => ts === fields['thread_ts']))
      return { word: 'thread_not_found', ts: '' };
    const ts = `${(clock += 1)}.000100`;
    taken.push({
      ts,
      thread: fields['thread_ts'] ?? null,
      broadcast: fields['reply_broadcast'] === 'true',
      text: fields['text'],
      blocks: fields['blocks'] ?? [],
      metadata: fields['metadata'] ?? null,
      edits: 0,
    });
    return { word: null, ts };
  }

  return {
    url,
    host,
    api: `${url}/api/`,
    webhook: `${url}${webhookPath}`,
    taken,
    requests,
    /** the next request to such a path fails like this, or the one after so many that pass */
    fail: (path: RegExp, fault: Fault, passing = 0) => void faults.push({ path, fault, passing }),
    parents: () => taken.filter(({ thread }) => thread === null),
    replies: () => taken.filter(({ thread }) => thread !== null),
  };
}

async function bodyOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function fieldsOf({ headers }: IncomingMessage, body: string): Record<string, any> {
  if (headers['content-type']?.startsWith('application/json')) return JSON.parse(body);
  const fields: Record<string, any> = Object.fromEntries(new URLSearchParams(body));
  for (const name of ['blocks', 'metadata'])
    if (fields[name]) fields[name] = JSON.parse(fields[name]);
  return fields;
}

/** The word with which Slack refuses it; null where it takes it. */
function refusedFor(path: string, { headers }: IncomingMessage, fields: Record<string, any>) {
  const { text, blocks = [] } = fields;
  if (path.startsWith('/services/')) {
    if (path !== webhookPath) return 'no_service';
  } else {
    if (headers.authorization !== `Bearer ${token}`) return 'invalid_auth';
    if (fields['channel'] !== channel) return 'channel_not_found';
    if (!path.startsWith('/api/chat.')) return 'unknown_method';
  }
  if (!text && blocks.length === 0) return 'no_text';
  if (text?.length > 40_000) return 'msg_too_long';
  if (blocks.length > 50 || !blocks.every(isBlock)) return 'invalid_blocks';
  return Buffer.byteLength(JSON.stringify(blocks)) > 13_200 ? 'msg_blocks_too_long' : null;
}

function isBlock({ type, text }: any): boolean {
  const most = { header: 150, section: 3_000 }[type as string];
  return (
    most !== undefined &&
    typeof text?.text === 'string' &&
    text.text.length >= 1 &&
    text.text.length <= most &&
    (type === 'section' || text.type === 'plain_text')
  );
}

const statuses: Record<string, number> = {
  action_prohibited: 403,
  invalid_token: 403,
  channel_not_found: 404,
  no_service: 404,
  channel_is_archived: 410,
  rollup_error: 500,
};

const sayAs = (path: string, answer: ServerResponse) => (word: string | null, ts?: string) => {
  if (path.startsWith('/services/'))
    return void answer.writeHead(word === null ? 200 : (statuses[word] ?? 400)).end(word ?? 'ok');
  answer.writeHead(200, { 'content-type': 'application/json' });
  answer.end(
    JSON.stringify(word === null ? { ok: true, ts, channel } : { ok: false, error: word }),
  );
};
