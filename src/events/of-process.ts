/** What a process of the engine reports about itself: the rest of the list of kinds. */
import type { Caught } from './failures.ts';
import { said } from './kind.ts';

export const ofProcess = {
  'process.started': said<{
    role: string;
    worker: string;
    backend: string;
    places: number;
    connections: number;
  }>('info', 'started'),
  'process.asked_to_stop': said<{ signal: string; isReady: boolean }>('info', ({ isReady }) =>
    isReady ? 'asked to stop' : 'asked to stop before it was ready',
  ),
  'process.stopped': said<{ role: string }>('info', 'stopped'),
  'process.waits': said<{ what: string; why: string }>(
    'warn',
    ({ what }) => `not ready, trying again: ${what}`,
  ),
  'process.ready': said('info', 'ready: every server answers now'),
  'process.reaps_nothing': said<{ what: string; hint: string }>('warn', ({ what }) => what),
  'part.unclosed': said<Caught>('warn', 'a part did not close in order'),
  'places.reduced': said<{
    places: number;
    wanted: number;
    connections: number;
    limit: { of: string; most: number };
  }>(
    'warn',
    ({ limit }) =>
      `it carries fewer runs at once, because the limit of the ${limit.of} is ${limit.most} connections`,
  ),

  'queue.failed': said<Caught>('warn', 'queue'),
  'queue.warned': said<{ backend: string; warning: string }>(
    'warn',
    ({ backend, warning }) => `${backend}: ${warning}`,
  ),
  'checks.read_as_login': said(
    'warn',
    'checks read with the rights of this login, because it may not become the role roundsman_reader',
  ),
  'database.silent': said(
    'warn',
    'the database no longer answers: runs that are not recorded are left to rescue',
  ),
  'postgres.silent': said<Caught>('warn', 'the embedded PostgreSQL does not answer'),
  'postgres.awaited': said<{ what: string }>('warn', ({ what }) => what),
  'postgres.unstarted': said<Caught>('error', 'the embedded PostgreSQL could not be started again'),
  'postgres.moved': said(
    'error',
    'the embedded PostgreSQL is on another port now, because its own was taken',
  ),
  'postgres.started_again': said('warn', 'the embedded PostgreSQL was started again'),

  'child.sessions_left': said<Caught & { name: string }>(
    'warn',
    'the sessions of a child that ended may go on',
  ),
  'child.changed': said<{ kind: string; left: string[] }>(
    'warn',
    'a task changed its process, or left something in it: that process is not used again',
  ),
  'child.useless': said<Caught>(
    'error',
    'a child process did not do its first task: no check can be carried out',
  ),
  'writer.cold': said<Caught>(
    'warn',
    'the run writer could not prepare its connections before the first run',
  ),
  'runs.given_back': said<{ runs: number }>('warn', 'running runs were given back'),
  'runs.kept': said<{ runs: number; err?: unknown }>('warn', ({ err }) =>
    err === undefined
      ? 'running runs could not be given back in time'
      : 'running runs could not be given back',
  ),
};
