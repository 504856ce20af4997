/** Events in which a process of the engine reports about itself: a part of the list in kinds.ts. */
import type { Caught } from './failures.ts';
import { eventKind } from './kind.ts';

export const ofProcess = {
  'process.started': eventKind<{
    role: string;
    worker: string;
    backend: string;
    places: number;
    connections: number;
  }>('info', 'started'),
  'process.asked_to_stop': eventKind<{ signal: string; isReady: boolean }>('info', ({ isReady }) =>
    isReady ? 'asked to stop' : 'asked to stop before it was ready',
  ),
  'process.stopped': eventKind<{ role: string }>('info', 'stopped'),
  'process.waits': eventKind<{ what: string; why: string }>(
    'warn',
    ({ what }) => `not ready, trying again: ${what}`,
  ),
  'process.ready': eventKind('info', 'ready: every server answers now'),
  'process.reaps_nothing': eventKind<{ what: string; hint: string }>('warn', ({ what }) => what),
  'part.unclosed': eventKind<Caught>('warn', 'a part did not close in order'),
  'places.reduced': eventKind<{
    places: number;
    wanted: number;
    connections: number;
    limit: { of: string; most: number };
  }>(
    'warn',
    ({ limit }) =>
      `this process executes fewer runs at once, because the limit of the ${limit.of} is ${limit.most} connections`,
  ),
  'web.listening': eventKind<{ host: string; port: number }>('info', 'listening'),
  'web.unopened': eventKind<Caught & { host: string; port: number }>(
    'error',
    'the port could not be listened on',
  ),
  'web.failed': eventKind<Caught>('error', 'a request could not be answered'),
  'web.report_put_off': eventKind<{ why: string }>(
    'warn',
    'the report of a remote bot could not be taken now',
  ),

  'source.refused': eventKind<{ source: string; why: string }>(
    'warn',
    ({ source, why }) => `deliveries of the source ${source} are refused: ${why}`,
  ),

  'queue.failed': eventKind<Caught>('warn', 'the queue reports an error'),
  'queue.warned': eventKind<{ backend: string; warning: string }>(
    'warn',
    ({ backend, warning }) => `${backend}: ${warning}`,
  ),
  'checks.read_as_login': eventKind(
    'warn',
    'checks read with the rights of this login, because it may not become the role roundsman_reader',
  ),
  'database.silent': eventKind(
    'warn',
    'the database no longer answers: runs that are not recorded are left to rescue',
  ),
  'postgres.silent': eventKind<Caught>('warn', 'the embedded PostgreSQL does not answer'),
  'postgres.awaited': eventKind<{ what: string }>('warn', ({ what }) => what),
  'postgres.unstarted': eventKind<Caught>(
    'error',
    'the embedded PostgreSQL could not be started again',
  ),
  'postgres.moved': eventKind(
    'error',
    'the embedded PostgreSQL is on another port now, because its own was taken',
  ),
  'postgres.started_again': eventKind('warn', 'the embedded PostgreSQL was started again'),

  'child.sessions_left': eventKind<Caught & { name: string }>(
    'warn',
    'the sessions of a child that ended may go on',
  ),
  'child.changed': eventKind<{ kind: string; left: string[] }>(
    'warn',
    'a task changed its process, or left something active in it: that process is not used again',
  ),
  'child.useless': eventKind<Caught>(
    'error',
    'a child process did not do its first task: no check can be carried out',
  ),
  'writer.cold': eventKind<Caught>(
    'warn',
    'the run writer could not prepare its connections before the first run',
  ),
  'runs.given_back': eventKind<{ runs: number }>('warn', 'running runs were given back'),
  'runs.kept': eventKind<{ runs: number; err?: unknown }>('warn', ({ err }) =>
    err === undefined
      ? 'running runs could not be given back in time'
      : 'running runs could not be given back',
  ),
};
