import { randomBytes } from 'node:crypto';
import { Command } from '../cli/arguments/command.ts';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { actorOf } from '../cli/arguments/actor.ts';
import { builtInModule, loadCatalogue as load } from '../cli/session/catalogue.ts';
import { printJson, note } from '../cli/terminal/print.ts';
import { exitCodes, RoundsmanError } from '../ground/errors.ts';
import { listenForStop } from './signals.ts';

/** `demo`: a round over a small fictional platform with all planted faults, on throw-away data. */
export const demoCommand = () =>
  new Command('demo')
    .description('make one round over a small fictional platform on throw-away data')
    .example('npx roundsman demo')
    .option(
      '--json',
      'print one JSON document: executions, findings, held_back, actions, tickets, faults',
    )
    .action(demo);

/** The demo shows what Roundsman brings, whatever the project around it adds. */
const loadCatalogue = () => load(builtInModule);

/** Each place has a child process, and its start costs more than what a few short runs gain by running at once. */
const maxPlaces = 3;

async function demo(options: { json?: boolean }): Promise<void> {
  const stopRequest = listenForStop();
  void stopRequest.stop.then(() => note('Stopping: the demo and its data are thrown away.'));
  const [
    config,
    log,
    events,
    embedded,
    database,
    migrate,
    backend,
    fiction,
    remote,
    { plantRemoteBot, remoteSecretName },
    { plantSource, sourceSecretName },
    { sendFailedBuild },
    { listen },
    { storeSealed },
    { readKeyRing },
    { faults },
    { analyzePlanted, plantOnce },
    { registerCatalogue },
    engine,
    choice,
    rounds,
    summary,
    { roundProgress },
  ] = await Promise.all([
    import('../config.ts'),
    import('../log.ts'),
    import('../events/log-events.ts'),
    import('../database/embedded/throwaway.ts'),
    import('../database/connect.ts'),
    import('../database/migrate/migrate.ts'),
    import('../queue/backend.ts'),
    import('../demo/plant.ts'),
    import('../demo/remote/server.ts'),
    import('../demo/remote/plant.ts'),
    import('../demo/incoming/plant.ts'),
    import('../demo/incoming/send.ts'),
    import('../web/listen.ts'),
    import('../data/secrets/rows.ts'),
    import('../ground/secrets/key-ring.ts'),
    import('../demo/faults/index.ts'),
    import('../demo/faults/planted.ts'),
    import('../schedule/register.ts'),
    import('./engine.ts'),
    import('../services/round/choose.ts'),
    import('../services/round/make.ts'),
    import('../cli/round/demo-summary.ts'),
    import('../cli/round/progress.ts'),
  ]);
  // Always a database of its own, whatever the environment says: a demonstration touches no other data.
  const settings = {
    ...config.readConfig(),
    databaseUrl: undefined,
    redisUrl: undefined,
    pingUrl: undefined,
    keys: readKeyRing(`demo:${randomBytes(32).toString('base64')}`),
    concurrency: Math.min(config.readConfig().concurrency, maxPlaces),
  };
  const directory = await mkdtemp(join(tmpdir(), 'roundsman-demo-'));
  const server = await embedded
    .startThrowaway(directory, { fsync: false })
    .catch(async (error: unknown) => {
      // The start failed before the guard of the server ran, so this code removes the directory in its place.
      await rm(directory, { recursive: true, force: true });
      const { howToInstallBinaries, NoBinariesError } =
        await import('../database/embedded/binaries.ts');
      if (!(error instanceof NoBinariesError)) throw error;
      throw new RoundsmanError({
        what: 'the demo needs the bundled PostgreSQL',
        why: `${error.why}; it runs on throw-away data, and never on DATABASE_URL`,
        hint: `${howToInstallBinaries}, or \`npx roundsman up\` on your own database`,
      });
    });
  try {
    if (stopRequest.signal.aborted) return endInterrupted();
    note('database: throw-away PostgreSQL with a small fictional platform');
    const db = database.connect(server.url, { name: 'roundsman demo' });
    const route = await remote.startRemoteRoute();
    // Only the children that are started from here on read this, and they trust the demo's own certificate by it.
    process.env.NODE_EXTRA_CA_CERTS = route.ca;
    try {
      await migrate.migrateToLatest(db);
      if (stopRequest.signal.aborted) return endInterrupted();
      await backend.migrateQueue(server.url);
      await fiction.plantPlatform(db);
      await registerCatalogue(db, await loadCatalogue());
      for (const fault of faults) await plantOnce(db, fault);
      const newsletter = await plantRemoteBot(db, route);
      const builds = await plantSource(db);
      const builderSecret = randomBytes(32).toString('hex');
      for (const [name, value] of [
        [remoteSecretName, route.secret],
        [sourceSecretName, builderSecret],
      ] as const)
        await storeSealed(db, settings.keys, { name, value, actor: 'demo' });
      await analyzePlanted(db);
      if (stopRequest.signal.aborted) return endInterrupted();
      const silent = log.openLog({ ...settings, logLevel: 'silent' });
      const reporting = { log: silent, emit: events.eventsTo(silent).emit };
      const listener = await listen({
        host: '127.0.0.1',
        port: 0,
        database: () => db,
        sources: settings,
        emit: reporting.emit,
      });
      // The delivery is committed before the round begins, so that the source's run in it reads the alarm.
      await sendFailedBuild(
        `http://127.0.0.1:${listener.port}/in/${builds.name}`,
        builderSecret,
      ).finally(() => listener.close());
      const worker = await engine.startEngine(
        'worker',
        settings,
        server.url,
        reporting,
        builtInModule,
        { why: 'the demo touches no network', except: [route.url] },
      );
      const progress = roundProgress();
      void stopRequest.stop.then(progress.clear);
      try {
        const inside = await choice.botsInside(db, await loadCatalogue());
        const chosen = { ...inside, bots: [...inside.bots, newsletter, builds] };
        const round = await rounds
          .makeRound(
            { db, actor: actorOf(), catalogue: loadCatalogue },
            {
              bots: chosen.bots,
              signal: stopRequest.signal,
              ...(!options.json && { onWait: progress.draw }),
            },
          )
          .finally(progress.clear);
        if (!round) return endInterrupted();
        if (options.json) printJson({ ...round, faults: faults.map(({ name }) => name) });
        else
          summary.printDemo(round, chosen, {
            faults: faults.length,
            remote: newsletter.name,
            source: builds.name,
          });
        if (round.executions.some(({ status }) => status !== 'success'))
          process.exitCode = exitCodes.failed;
      } finally {
        await worker.stop();
      }
    } finally {
      route.stop();
      await db.destroy();
    }
  } finally {
    await server.stop();
  }
}

function endInterrupted(): void {
  note('interrupted: the demo database was thrown away');
  process.exitCode = 130;
}
