/** Asks one check, by the code with which a child of a worker does, and says what it answered. */
import { randomUUID } from 'node:crypto';
import type { Bot } from '../contract/bot.ts';
import type { AnyCheck, Tally } from '../contract/event-check.ts';
import type { CheckResult, Figure, ReportedFinding } from '../contract/finding.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { currentTime } from '../data/bots/engine.ts';
import type { Db } from '../database/connect.ts';
import { letChecksRead } from '../database/rights/grant-reader.ts';
import { UsageError } from '../ground/errors.ts';
import { didYouMean } from '../ground/nearest.ts';
import { carryOutWith } from '../run/tasks/carry-out.ts';
import type { CheckTask } from '../run/tasks/task.ts';

/** What a test says about one question to a check. */
export interface AskOptions {
  /** `bots.config`, as an admin would write it; `{}` unless given */
  config?: Record<string, unknown>;
  /** the database's time, unless given */
  now?: Date;
  /** values of the secrets that the bot names; one that is missing here is not stored */
  secrets?: Readonly<Record<string, string>>;
  /** what an earlier result said to `remember` */
  remembered?: unknown;
  /** aborts the check's own signal; without it the check may take as long as a run of the bot */
  signal?: AbortSignal;
}

/** What a check answered, as the engine has read and bounded it. */
export interface Answer {
  /** failed: it reported at least one finding; errored: it threw, or its result breaks the contract */
  status: 'passed' | 'failed' | 'errored' | 'skipped';
  /** why it errored or was skipped */
  reason: string | null;
  findings: ReportedFinding[];
  /** how many keys it looked at */
  examined: number;
  figures: Figure[];
  /** the whole result; null where the check errored or was skipped */
  result: (CheckResult & { tallies?: Tally[] }) | null;
  /** the database's time at which it was asked */
  askedAt: Date;
  ms: number;
}

/** What an answer is given with: the databases for effects and for checks, and the bots and remedies that a test is about. */
export interface Asking {
  db: Db;
  reader: Db;
  catalogue: Catalogue;
}

/** As `bots.timeout_seconds` is where a bot says nothing. */
const defaultTimeoutSeconds = 300;

/** The check of this name. Throws {@link UsageError} with the nearest names. */
function checkOf(bot: Bot, name: string): AnyCheck<unknown> {
  const check = bot.checks.find((each) => each.name === name);
  if (check) return check;
  const names = bot.checks.map((each) => each.name);
  throw new UsageError({
    what: `${bot.name} has no check ${name}`,
    why: `it has ${names.join(', ')}`,
    hint: didYouMean(name, names, 'give the name of one of its checks'),
  });
}

/** `since`: what only happened before this time is left out, as after a cure; of events only those of `key` count then. */
export async function ask(
  { db, reader, catalogue }: Asking,
  bot: Bot,
  checkName: string,
  { config = {}, now, secrets = {}, remembered = null, signal }: AskOptions,
  cure?: { since: Date; key: string },
): Promise<Answer> {
  const check = checkOf(bot, checkName);
  // A test may have made tables since: checks read with a role of their own, which has to be allowed to.
  await db.transaction().execute(letChecksRead);
  const askedAt = now ?? (await currentTime(db));
  const timeoutMs = (bot.timeoutSeconds ?? defaultTimeoutSeconds) * 1_000;
  const endpoint = `/api/bots/${bot.name}`;
  const task: CheckTask = structuredClone({
    endpoint,
    config,
    check: checkName,
    now: askedAt,
    since: cure?.since ?? null,
    ...(check.events && { events: windowOf(catalogue, check, endpoint, config, askedAt, cure) }),
    remembered,
    run: { id: randomUUID(), attempt: 1, timeoutMs, leftMs: timeoutMs },
    secrets: (bot.secrets ?? []).map((name) =>
      Object.hasOwn(secrets, name)
        ? { name, value: secrets[name]! }
        : { name, why: `the secret ${name} is not stored: the test gives none of this name` },
    ),
  });
  const stop = signal ?? AbortSignal.timeout(timeoutMs);
  const carryOut = carryOutWith({ catalogue, db, reader });
  const outcome = structuredClone(await carryOut('check', task, stop, () => {}));
  const { ms, status } = outcome;
  if ('reason' in outcome) {
    const { reason } = outcome;
    return { status, reason, findings: [], examined: 0, figures: [], result: null, askedAt, ms };
  }
  const { result } = outcome;
  const { findings, figures = [], examined } = result;
  const count = Array.isArray(examined) ? examined.length : examined.count;
  return { status, reason: null, findings, examined: count, figures, result, askedAt, ms };
}

/** The window of a check of events; after a cure its key starts anew. */
function windowOf(
  catalogue: Catalogue,
  check: Extract<AnyCheck<unknown>, { events: true }>,
  endpoint: string,
  given: Record<string, unknown>,
  now: Date,
  cure: { since: Date; key: string } | undefined,
): NonNullable<CheckTask['events']> {
  const { config } = catalogue.resolve(endpoint, given);
  const from = new Date(now.getTime() - check.windowSeconds(config) * 1_000);
  if (!cure) return { from, starts: [], only: null };
  return { from, starts: [{ key: cure.key, from: cure.since }], only: [cure.key] };
}
