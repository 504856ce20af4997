/**
 * A connection that can be made to stand still before any of its statements, and that takes back all that it wrote: where
 * a transaction would be committed it carries out what is deferred until then, holds its locks for one more step, and is
 * rolled back. So every transaction finds the same rows, as often as it is tried.
 */
import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely';
import pg from 'pg';
import type { Database, Db } from '../../src/database/connect.ts';

/** How long PostgreSQL waits before it looks for a deadlock. */
const deadlockTimeout = '50ms';

export interface Stepped {
  db: Db;
  client: pg.ClientBase;
  pid: number;
  /** SQLSTATEs that the server answered with, also those that the code under test handled */
  states: string[];
  /** Makes the connection stop before the statement of this number, counted from now on and from 0; `null`: it never stops. */
  stopBefore(step: number | null): void;
  /** resolves when the connection has stopped */
  stopped: Promise<void>;
  /** Lets the connection go on, without another stop. */
  go(): void;
  /** for each statement so far: whether it can lock a row; the last entry stands for the stop before the end */
  steps: boolean[];
  end(): Promise<void>;
}

const onlyReads =
  /^\s*select(?![\s\S]*(\bfor (no key )?(update|share)\b|\bengine\.(start_runs|claim)\())/i;

interface Question {
  text: string;
  values?: unknown[];
}

export async function connectStepped(url: string): Promise<Stepped> {
  const own = new pg.Client({ connectionString: url, application_name: 'stepped' });
  await own.connect();
  own.on('error', () => {});
  const { rows } = await own.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  await own.query(`SET deadlock_timeout = '${deadlockTimeout}'; SET lock_timeout = '20s'`);
  const states: string[] = [];
  const steps: boolean[] = [];
  let stopAt: number | null = null;
  let inTransaction = false;
  let reached = () => {};
  let go = () => {};
  let going: Promise<void> = Promise.resolve();

  async function stand(locks: boolean) {
    if (steps.push(locks) - 1 === stopAt) {
      reached();
      await going;
    }
  }

  async function ask(question: Question) {
    await stand(!onlyReads.test(question.text));
    return own.query(question).catch((error: unknown) => {
      if (error instanceof pg.DatabaseError) states.push(error.code ?? '');
      throw error;
    });
  }

  /** Runs what is deferred until the commit, whose locks are held for one more step. */
  async function commit() {
    await ask({ text: 'SET CONSTRAINTS ALL IMMEDIATE' });
    await stand(false);
  }

  async function answer(question: Question) {
    const { text } = question;
    if (/^\s*(begin|start transaction)/i.test(text)) {
      inTransaction = true;
      return own.query(question);
    }
    if (/^\s*(commit|rollback)\s*$/i.test(text)) {
      inTransaction = false;
      try {
        if (/commit/i.test(text)) await commit();
      } finally {
        await own.query('ROLLBACK');
      }
      return own.query('SELECT 1');
    }
    if (inTransaction) return ask(question);
    await own.query('BEGIN');
    try {
      const result = await ask(question);
      await commit();
      return result;
    } finally {
      await own.query('ROLLBACK');
    }
  }

  let last: Promise<unknown> = Promise.resolve();
  const client = {
    query(asked: string | Question, values?: unknown[]) {
      const question =
        typeof asked === 'string' ? { text: asked, ...(values && { values }) } : asked;
      const answered = last.then(() => answer(question));
      last = answered.catch(() => {});
      return answered;
    },
    release() {},
  } as unknown as PostgresPoolClient;
  const stepped: Stepped = {
    db: new Kysely<Database>({
      dialect: new PostgresDialect({
        pool: { connect: async () => client, end: async () => {} } as unknown as PostgresPool,
      }),
    }),
    client: client as unknown as pg.ClientBase,
    pid: rows[0]!.pid,
    states,
    stopped: Promise.resolve(),
    stopBefore(at) {
      steps.length = 0;
      stopAt = at;
      stepped.stopped = new Promise((resolve) => (reached = resolve));
      going = new Promise((resolve) => (go = resolve));
    },
    go() {
      stopAt = null;
      go();
    },
    steps,
    end: () => own.end(),
  };
  return stepped;
}
