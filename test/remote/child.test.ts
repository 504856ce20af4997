/** A remote bot is called from a real child process of a worker, which reads as a role that may not write. */
import { expect, test, vi } from 'vitest';
import { everythingIn, formsOf } from '../heal/secret-scene.ts';
import { hasOpenssl } from '../support/certificates.ts';
import { childrenOf } from '../support/children.ts';
import { run } from '../support/runs.ts';
import { calm, json, remoteScene, signingSecret } from './scene.ts';

const catalogue = new URL('../../bots/index.ts', import.meta.url);

test.runIf(hasOpenssl)(
  'a child calls, and leaves no secret in rows and log',
  async () => {
    const scene = await remoteScene(json({ ...calm, more: signingSecret }));
    vi.stubEnv('NODE_EXTRA_CA_CERTS', scene.ca);
    const children = childrenOf(scene.engine, catalogue, { size: 1 });
    const engine = { ...scene.engine, children };
    const once = () => run(engine, 'mail', { max_attempts: 1 });
    expect(await once()).toMatchObject({
      status: 'failed',
      error_message: expect.stringContaining('more: the contract knows no such field'),
    });
    scene.scene.answer = json(calm);
    expect(await once()).toMatchObject({ status: 'success', checks_performed: 1 });
    scene.scene.answer = (_, response) => {
      response.writeHead(200).write('{"checks":');
      setImmediate(() => response.socket?.destroy());
    };
    expect(await once()).toMatchObject({ status: 'failed' });
    scene.scene.answer = json(calm);
    expect(await once()).toMatchObject({ status: 'success' });
    expect(scene.seen).toHaveLength(4);
    const all = (await everythingIn(scene.db)) + scene.told.join('\n');
    expect(formsOf(signingSecret).filter((form) => all.includes(form))).toEqual([]);
  },
  60_000,
);
