/** A remote bot that answers 410: the bot is paused in the commit that records its finding. */
import { expect, test } from 'vitest';
import { resumeBot } from '../../src/services/bots/pause.ts';
import { hasOpenssl } from '../support/certificates.ts';
import { calm, json, remoteScene } from './scene.ts';

const ann = { name: 'ann', role: 'operator' } as const;

const botOf = ({ db }: Pick<Awaited<ReturnType<typeof remoteScene>>, 'db'>) =>
  db.selectFrom('bots').selectAll().where('name', '=', 'mail').executeTakeFirstOrThrow();

const withTickets = ({ db }: Pick<Awaited<ReturnType<typeof remoteScene>>, 'db'>) =>
  db.selectFrom('bot_tickets').select(['severity', 'status']).execute();

test.runIf(hasOpenssl)(
  'with 410 the bot is paused, its finding and its ticket say what to do, and a person resumes it',
  async () => {
    const scene = await remoteScene(json('', 410));
    // Two failures in a row are never seen where the first one pauses the bot.
    await scene.db.updateTable('bots').set({ confirm: 2 }).where('name', '=', 'mail').execute();
    expect(await scene.round()).toMatchObject({ status: 'success', issues_found: 1 });
    const [gone] = await scene.findings();
    expect(gone).toMatchObject({
      severity: 'critical',
      title: expect.stringContaining('410'),
      description: expect.stringContaining('npx roundsman bots resume mail'),
    });
    expect(await withTickets(scene)).toMatchObject([{ severity: 'critical' }]);
    expect(await botOf(scene)).toMatchObject({
      status: 'paused',
      status_reason: `${scene.host}/api/bots/mail answered 410: the remote bot is gone from this address`,
      next_slot_at: null,
    });
    expect(scene.told.filter((event) => event.includes('"bot.paused"'))).toHaveLength(1);
    await resumeBot(
      { db: scene.db, catalogue: async () => scene.engine.catalogue, actor: ann },
      { bot: 'mail' },
    );
    scene.scene.answer = json(calm);
    await scene.round();
    expect((await scene.findings())[0]).toMatchObject({ resolution_method: expect.any(String) });
    expect(await botOf(scene)).toMatchObject({ status: 'active', status_reason: null });
  },
);

test.runIf(hasOpenssl)(
  'a bot that got another address while the old one was asked is not paused; one that a person paused keeps that reason',
  async () => {
    const scene = await remoteScene(json(calm));
    const meanwhile = (change: object) => {
      scene.scene.answer = async (seen, response) => {
        await scene.db.updateTable('bots').set(change).where('name', '=', 'mail').execute();
        json('', 410)(seen, response);
      };
    };
    meanwhile({ api_endpoint: `${scene.url}/api/bots/moved` });
    await scene.round();
    expect(await botOf(scene)).toMatchObject({ status: 'active', status_reason: null });
    meanwhile({ status: 'paused', status_reason: 'ann looks into it' });
    await scene.round();
    expect(await botOf(scene)).toMatchObject({
      status: 'paused',
      status_reason: 'ann looks into it',
    });
  },
);
