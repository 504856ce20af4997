/** What services answer without a terminal: who may ask for a change, and what comes back. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import { readKeyRing } from '../../src/ground/secrets/key-ring.ts';
import { findUndoable, undoAction } from '../../src/services/actions/undo.ts';
import { NotAllowedError, type Actor, type Role } from '../../src/services/actor.ts';
import { addBot, newBot } from '../../src/services/bots/add.ts';
import { backfillBot } from '../../src/services/bots/backfill.ts';
import { editBot, editOf } from '../../src/services/bots/edit.ts';
import { disableBot, enableBot } from '../../src/services/bots/enable.ts';
import { removeBot } from '../../src/services/bots/remove.ts';
import { renameBot } from '../../src/services/bots/rename.ts';
import { runBot } from '../../src/services/bots/run.ts';
import { switchQueue } from '../../src/services/database/queue.ts';
import { addKnowledge } from '../../src/services/knowledge/add.ts';
import { setAutonomyOn } from '../../src/services/knowledge/edit-component.ts';
import { editKnowledge } from '../../src/services/knowledge/edit.ts';
import { setEnabled } from '../../src/services/knowledge/enable.ts';
import { correctFigures } from '../../src/services/knowledge/verify.ts';
import { removeKnowledge } from '../../src/services/knowledge/remove.ts';
import { renameKnowledge } from '../../src/services/knowledge/rename.ts';
import { chooseBots } from '../../src/services/round/choose.ts';
import { makeRound } from '../../src/services/round/make.ts';
import { listSecrets } from '../../src/services/secrets/list.ts';
import { removeSecret } from '../../src/services/secrets/remove.ts';
import { rotateSecrets } from '../../src/services/secrets/rotate.ts';
import { setSecret } from '../../src/services/secrets/set.ts';
import { insertBot } from '../cli/rows.ts';
import { insertKnowledge, steps } from '../cli/known.ts';
import { testDatabase } from '../support/database.ts';
import { aBot, catalogue, clean } from '../support/builders.ts';

const { db, url } = await testDatabase();
const keys = readKeyRing(`k1:${randomBytes(32).toString('base64')}`);
const known = catalogue([aBot('watcher', async () => clean())], []);

const as = (role: Role): { db: typeof db; actor: Actor } => ({ db, actor: { name: 'ann', role } });

beforeEach(async () => {
  await sql`TRUNCATE bots, bot_executions, bot_knowledge, engine.secrets CASCADE`.execute(db);
});

const entry = {
  name: 'disk.full',
  category: 'disk',
  issue_pattern: 'disk is full',
  solution: 'Make room.',
  autonomy: 'shadow',
} as const;

const sealed = { name: 'TOKEN', value: 'hunter-2000', keys };

/** What each role below the least one is refused. */
const changes: [wanted: string, refused: Role[], ask: (context: never) => Promise<unknown>][] = [
  ['add bots', ['operator'], (context) => addBot(context, { bot: {} as never })],
  ['edit bots', ['operator'], (context) => editBot(context, { bot: 'watcher', edit: {} })],
  [
    'disable bots',
    ['operator'],
    (context) => disableBot(context, { bot: 'watcher', reason: null }),
  ],
  ['enable bots', ['operator'], (context) => enableBot(context, { bot: 'watcher' })],
  ['remove bots', ['operator'], (context) => removeBot(context, { bot: 'watcher', reason: null })],
  ['rename bots', ['operator'], (context) => renameBot(context, { bot: 'watcher', name: 'x' })],
  ['add knowledge', ['operator'], (context) => addKnowledge(context, { entry })],
  [
    'edit knowledge',
    ['operator'],
    (context) => editKnowledge(context, { knowledge: 'disk.full', edit: {}, maxOwn: 1 }),
  ],
  [
    'edit knowledge',
    ['operator'],
    (context) =>
      setAutonomyOn(context, { knowledge: 'disk.full', component: 'api', autonomy: 'auto' }),
  ],
  [
    'enable knowledge',
    ['operator'],
    (context) => setEnabled(context, { knowledge: 'disk.full', enabled: true, reason: null }),
  ],
  ['correct the figures of knowledge', ['operator'], (context) => correctFigures(context)],
  [
    'remove knowledge',
    ['operator'],
    (context) => removeKnowledge(context, { knowledge: 'disk.full', reason: null }),
  ],
  [
    'rename knowledge',
    ['operator'],
    (context) => renameKnowledge(context, { knowledge: 'disk.full', name: 'x' }),
  ],
  ['store secrets', ['operator'], (context) => setSecret(context, sealed)],
  ['rotate secrets', ['operator'], (context) => rotateSecrets(context, { keys })],
  [
    'remove secrets',
    ['operator'],
    (context) => removeSecret(context, { name: 'TOKEN', evenInUse: true, asked: () => [] }),
  ],
  [
    'switch the queue',
    ['operator', 'admin'],
    (context) => switchQueue(context, { to: 'postgres' }),
  ],
];

test.each(changes)(
  'whoever may not %s is told so, with their role',
  async (wanted, refused, ask) => {
    for (const role of refused) {
      const asked = ask({ ...as(role), url, catalogue: known } as never);
      await expect(asked).rejects.toThrow(NotAllowedError);
      await expect(asked).rejects.toMatchObject({
        what: `ann may not ${wanted}`,
        why: `the role ${role} does not allow it`,
      });
    }
  },
);

/** What only says what a kind of definition can do, and what notes who makes a change: `apply` and `revert` have looked before. */
const afterThat = /^(changing|definitions\/kinds\/kind|history\/reverters\/reverter)\.ts$/;

test('each service that is told who asks looks at their role', () => {
  const root = fileURLToPath(new URL('../../src/services/', import.meta.url));
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && file !== 'actor.ts' && !afterThat.test(file))
    .map((file) => [file, readFileSync(join(root, file), 'utf8')] as const);
  const asked = files.filter(([, text]) => /\bactor: Actor\b/.test(text));
  expect(asked.length).toBeGreaterThan(20);
  expect(
    asked.filter(([, text]) => !text.includes('authorise(actor')).map(([file]) => file),
  ).toEqual([]);
});

describe('an operator', () => {
  test('runs bots, alone or in a round, and makes up for what was missed', async () => {
    await insertBot(db, 'watcher');
    const { run } = await runBot(as('operator'), { bot: 'watcher' });
    expect(run).toMatchObject({ status: 'queued', trigger: 'manual' });
    const request = { since: { secondsAgo: 60 }, limit: 10, dryRun: true };
    const { zone } = await backfillBot(as('operator'), { bot: 'watcher', ...request });
    expect(zone).toBe('UTC');
    await db.updateTable('bots').set({ concurrency: 5 }).execute();
    const bots = await chooseBots(db, { names: [] });
    expect(bots.map(({ name }) => name)).toEqual(['watcher']);
    const signal = AbortSignal.abort();
    expect(await makeRound(as('operator'), { bots, signal })).toBeNull();
  });

  test('stops an entry, and does not let it act again', async () => {
    await insertKnowledge(db, 'disk.full');
    const stop = { knowledge: 'disk.full', enabled: false, reason: 'it fills the disk' };
    const stopped = await setEnabled(as('operator'), stop);
    expect(stopped).toMatchObject({ changed: true, entry: { enabled: false }, warnings: [] });
    expect(await setEnabled(as('operator'), stop)).toMatchObject({ changed: false });
  });
});

describe('an admin', () => {
  test('adds and edits bots, and is told which columns changed', async () => {
    const wanted = { name: 'watcher', schedule: '@hourly', endpoint: 'bot:watcher' };
    const { bot } = await addBot(
      { ...as('admin'), catalogue: known },
      { bot: newBot(wanted, known) },
    );
    expect(bot).toMatchObject({ display_name: 'watcher', timezone: 'UTC' });
    const edit = editOf({ schedule: '@daily', timezone: 'UTC' });
    const context = { ...as('admin'), catalogue: known };
    expect(await editBot(context, { bot: 'watcher', edit })).toMatchObject({
      changed: ['schedule_cron'],
      wanted: ['schedule_cron', 'timezone'],
      before: { schedule_cron: '@hourly' },
      bot: { schedule_cron: '@daily' },
    });
  });

  test('adds knowledge, and is told what is stored all the same', async () => {
    const solution = `${steps('note.down')} # {{secret:TOKEN}}`;
    const { warnings } = await addKnowledge(as('admin'), { entry: { ...entry, solution } });
    expect(warnings.at(-1)).toContain('the secret TOKEN is not stored');
  });

  test('stores secrets that no answer repeats, and removes none unawares that is in use', async () => {
    const stored = await setSecret(as('admin'), sealed);
    expect(stored).toMatchObject({ isNew: true, reference: '{{secret:TOKEN}}' });
    expect(JSON.stringify(stored)).not.toContain(sealed.value);
    expect(stored.secret).not.toHaveProperty('sealed');
    await insertKnowledge(db, 'disk.full', { solution: 'steps: # {{secret:TOKEN}}' });
    const config = { keys, variable: () => undefined } as never;
    const { secrets } = await listSecrets({ db, config, asked: () => [] });
    expect(secrets).toMatchObject([{ name: 'TOKEN', used_by: ['disk.full'], closed: null }]);
    const remove = (evenInUse: boolean) =>
      removeSecret(as('admin'), { name: 'TOKEN', evenInUse, asked: () => [] });
    await expect(remove(false)).rejects.toMatchObject({
      why: expect.stringContaining('it is in use'),
    });
    expect(await remove(true)).toMatchObject({ usedBy: ['disk.full'] });
  });
});

test('what is not there cannot be taken back, and is named', async () => {
  const context = { db, catalogue: async () => known };
  const id = '12345678-1234-4234-8234-123456789012';
  await expect(findUndoable(context, { action: id })).rejects.toThrow(`there is no action ${id}`);
  await expect(undoAction(as('operator'), { action: { id } })).rejects.toThrow();
});
