/** Asks the checks of a bot that is being written, and says what they would report: nothing is written, and no row is needed. */
import { randomUUID } from 'node:crypto';
import { catalogueOf } from '../../catalogue/catalogue.ts';
import type { Config } from '../../config.ts';
import type { Bot } from '../../contract/bot.ts';
import type { AnyCheck } from '../../contract/event-check.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { messageOf, NotFoundError } from '../../ground/errors.ts';
import { moduleBeside } from '../../ground/module-beside.ts';
import { didYouMean } from '../../ground/nearest.ts';
import { openRedaction } from '../../ground/secrets/redact.ts';
import { openSecrets } from '../../run/secrets.ts';
import { openChildren, type ChildLease } from '../../run/tasks/children.ts';
import { examinedCount, type CheckOutcome } from '../../run/tasks/outcome.ts';
import { readConfig } from './definition.ts';

/** What one check said. */
export interface TriedCheck {
  name: string;
  title: string;
  status: CheckOutcome['status'];
  /** how long it took, in milliseconds */
  ms: number;
  /** how many components it looked at; null where it gave no result */
  examined: number | null;
  /** what it would report, as it said it */
  findings: object[];
  figures: object[];
  /** whether it has cut its list short, so that none would resolve */
  truncated: boolean;
  /** why it errored or was skipped */
  reason: string | null;
  /** of an error: the line of the bot's file, `/path/file.ts:12` */
  at: string | null;
}

export interface TryOptions {
  bot: Bot;
  /** a module that exports the bot, for the child process */
  module: URL;
  /** the name of one check; all unless given */
  check?: string | undefined;
  /** the bot's config as JSON; its defaults unless given */
  config?: string | undefined;
  /** how many seconds they may take together; what the bot says unless given */
  timeoutSeconds?: number | undefined;
}

/** How long a run may take of a bot that does not say, as `bots.timeout_seconds` has it. */
const defaultSeconds = 60;

/**
 * Asks the checks one after the other, in a child process whose connection refuses writes, as in a run. Throws NotFoundError for a
 * check that the bot does not have, UsageError and BadDefinitionError for a config that does not fit.
 */
export async function tryChecks(
  { db, url, settings }: { db: Db; url: string; settings: Config },
  { bot, module, check: named, config, timeoutSeconds }: TryOptions,
): Promise<TriedCheck[]> {
  const chosen = named === undefined ? bot.checks : [checkOf(bot, named)];
  const endpoint = `/api/bots/${bot.name}`;
  const catalogue = catalogueOf([{ ...bot, knowledge: [] }], []);
  const given = config === undefined ? {} : readConfig(config);
  const read = catalogue.resolve(endpoint, given).config;
  const secrets = openSecrets(db, settings, openRedaction(), () => {});
  const opened = await secrets.openEach(catalogue.secretsOf(endpoint, given));
  const timeoutMs = (timeoutSeconds ?? bot.timeoutSeconds ?? defaultSeconds) * 1_000;
  const children = openChildren({
    entry: moduleBeside('../../bin/child', import.meta.url),
    catalogue: module,
    databaseUrl: url,
    size: 1,
    isOneAhead: false,
    memoryMb: settings.checkMemoryMb,
    onEnded: () => {},
  });
  try {
    const child = await children.take();
    // As in a run, the time begins when a child is free.
    const until = performance.now() + timeoutMs;
    const deadline = setTimeout(() => child.stop('timeout'), timeoutMs);
    try {
      const tried: TriedCheck[] = [];
      for (const check of chosen) {
        if (performance.now() > until) {
          tried.push(shown({ ...namesOf(check), ms: 0, status: 'errored', reason: noTimeLeft }));
          continue;
        }
        const now = await currentTime(db);
        const outcome = await ask(child, check, {
          endpoint,
          config: given,
          check: check.name,
          now,
          since: null,
          remembered: null,
          secrets: opened,
          run: { id: randomUUID(), attempt: 1, timeoutMs, leftMs: until - performance.now() },
          ...(check.events && {
            events: {
              from: new Date(now.getTime() - check.windowSeconds(read) * 1_000),
              starts: [],
              only: null,
            },
          }),
        });
        tried.push(shown(await secrets.outcome(outcome)));
      }
      return tried;
    } finally {
      clearTimeout(deadline);
      child.release();
    }
  } finally {
    await children.close();
  }
}

const namesOf = ({ name, title }: AnyCheck<unknown>) => ({ name, title });

const noTimeLeft = 'it was not asked: the checks before it have taken all the time';

/** A child that ended, or was ended at the deadline, is the check's error. */
async function ask(
  child: ChildLease,
  { name, title }: AnyCheck<unknown>,
  task: Parameters<typeof child.do<'check'>>[1],
): Promise<CheckOutcome> {
  const began = performance.now();
  try {
    return await child.do('check', task);
  } catch (error) {
    const ms = Math.round(performance.now() - began);
    return { name, title, ms, status: 'errored', reason: messageOf(error) };
  }
}

function checkOf(bot: Bot, name: string): AnyCheck<unknown> {
  const found = bot.checks.find((each) => each.name === name);
  if (found) return found;
  const names = bot.checks.map((each) => each.name);
  throw new NotFoundError({
    what: `${bot.name} has no check ${name}`,
    why: `it has ${names.join(', ')}`,
    hint: didYouMean(name, names, 'name one of them in --check, or leave --check out for all'),
  });
}

const shown = (outcome: CheckOutcome): TriedCheck => ({
  name: outcome.name,
  title: outcome.title,
  status: outcome.status,
  ms: outcome.ms,
  examined: 'result' in outcome ? examinedCount(outcome.result) : null,
  findings: 'result' in outcome ? outcome.result.findings : [],
  figures: ('result' in outcome && outcome.result.figures) || [],
  truncated: 'result' in outcome && outcome.result.truncated === true,
  reason: 'reason' in outcome ? outcome.reason : null,
  at: ('at' in outcome && outcome.at) || null,
});
