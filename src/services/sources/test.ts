/** Sends one delivery to the listener as the source's sender would, and waits until a run has read it. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { currentTime } from '../../data/bots/engine.ts';
import type { SecretSources } from '../../data/secrets/open.ts';
import type { Db } from '../../database/connect.ts';
import { messageOf } from '../../ground/errors.ts';
import { authorise, type Actor } from '../actor.ts';
import { lacksOf } from './read.ts';
import { readSources } from './registry.ts';

export interface Point {
  ok: boolean;
  what: string;
  why: string;
}

export interface Tested {
  ok: boolean;
  points: Point[];
}

const answersWithinMs = 10_000;
const readWithinMs = 60_000;
const askEveryMs = 250;

interface Given {
  source: string;
  /** the address of the source at the listener */
  url: string;
  /** called once, when the delivery is accepted and the run is waited for */
  onWait?: () => void;
}

/**
 * The delivery says that something is resolved that never fired, or nothing at all, so that it opens no finding. For operators. Stores what a
 * real delivery stores, and nothing else.
 */
export async function testSource(
  { db, actor, sources }: { db: Db; actor: Actor; sources: SecretSources },
  { source: name, url, onWait }: Given,
): Promise<Tested> {
  authorise(actor, 'test a source', 'operator');
  const points: Point[] = [];
  const done = (): Tested => ({ ok: points.every(({ ok }) => ok), points });
  const add = (ok: boolean, what: string, why: string) => points.push({ ok, what, why });
  const source = (await readSources(db, sources)).find((each) => each.name === name);
  const secret = source?.secrets[0];
  if (!source || !secret) {
    add(
      false,
      'it takes deliveries',
      source ? source.problems.join('; ') : 'its bot is disabled, in error or removed',
    );
    return done();
  }
  add(
    true,
    'it takes deliveries',
    `proven by ${source.secrets.map((each) => each.name).join(', ')}`,
  );
  const { alarms, ends } = lacksOf(source.config);
  add(
    alarms === null,
    'its settings say what an alarm is',
    [alarms, ends].filter((each) => each !== null).join('; ') || 'and when it is over',
  );
  const key = `roundsman-test-${randomUUID()}`;
  const now = await currentTime(db);
  const { document, headers = {} } = source.kind.example(key, now);
  const body = JSON.stringify(document);
  const send = (proof: Record<string, string>) =>
    fetch(url, {
      method: 'POST',
      redirect: 'error',
      signal: AbortSignal.timeout(answersWithinMs),
      headers: { 'content-type': 'application/json', ...headers, ...proof },
      body,
    });
  const before = await positionOf(db, source.botId);
  try {
    const unproven = await send({});
    add(
      unproven.status === 401,
      'a delivery without a proof is refused',
      `${url} answered ${unproven.status}`,
    );
    const { status } = await send(await source.kind.sign(body, secret.value, now));
    add(
      status === 202,
      'a signed delivery is accepted',
      `${url} answered ${status}${status === 401 ? `; the process that listens there cannot open ${secret.name}, or is of another database: give it the ROUNDSMAN_KEYS that opens it here, and restart it. Its log says why (source.refused)` : ''}`,
    );
    if (status !== 202) return done();
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    add(
      false,
      'the listener answers',
      `${url}: ${messageOf(cause)}; \`npx roundsman web\` or \`npx roundsman up\` has to run, and --url says where`,
    );
    return done();
  }
  onWait?.();
  const began = performance.now();
  while (performance.now() - began < readWithinMs) {
    const { written, read } = await positionOf(db, source.botId);
    if (written > before.written && read >= written) break;
    await sleep(askEveryMs);
  }
  const { written, read } = await positionOf(db, source.botId);
  add(written > before.written, 'the delivery is in the inbox', `its newest number is ${written}`);
  add(
    read >= written,
    'a run has read it',
    read >= written
      ? `within ${((performance.now() - began) / 1_000).toFixed(1)} s`
      : `not within ${readWithinMs / 1_000} s: a scheduler and a worker have to run, and the bot must not be paused`,
  );
  add(!(await isOpen(db, source.botId, key)), 'no finding is open', 'the delivery reports nothing');
  return done();
}

/** The number of the newest delivery, and the number up to which deliveries were read. */
async function positionOf(db: Db, botId: string): Promise<{ written: bigint; read: bigint }> {
  const { rows } = await sql<{ written: string; read: string }>`
    SELECT coalesce((SELECT last_number FROM engine.sources WHERE bot_id = ${botId}::uuid), 0)::text AS written,
           coalesce((SELECT remembered ->> 'read' FROM engine.check_memories
                     WHERE bot_id = ${botId}::uuid AND check_name = 'deliveries'), '0') AS read`.execute(
    db,
  );
  return { written: BigInt(rows[0]!.written), read: BigInt(rows[0]!.read) };
}

async function isOpen(db: Db, botId: string, key: string): Promise<boolean> {
  const { rows } = await sql`
    SELECT FROM bot_findings
    WHERE bot_id = ${botId}::uuid AND resolved_at IS NULL AND strpos(component_key, ${key}) > 0`.execute(
    db,
  );
  return rows.length > 0;
}
