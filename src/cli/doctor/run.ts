import { BadSettingsError, readConfig, type Config } from '../../config.ts';
import { explainFault } from '../../database/faults/explain-fault.ts';
import { exitCodes, messageOf, RoundsmanError } from '../../ground/errors.ts';
import { oddSettings } from '../../odd-settings.ts';
import { printable } from '../../ground/text.ts';
import { examineDatabase } from './database.ts';
import { fail, warn, type Diagnosis } from './diagnosis.ts';
import {
  examineBinaries,
  examineConfig,
  examineFirstProcess,
  examineHome,
  examineNode,
} from './host.ts';
import { examineRedis } from './redis.ts';
import { within } from '../../ground/within.ts';
import { json, paint, say } from '../terminal/print.ts';

const marks = { ok: 'green', warn: 'yellow', fail: 'red' } as const;

/** Examines all it can reach; what one look cannot see does not keep the next from looking. */
export async function runDoctor(options: { json?: true }): Promise<void> {
  const found: Diagnosis[] = [];
  const report = (...diagnoses: Diagnosis[]) => {
    found.push(...diagnoses);
    if (!options.json) for (const diagnosis of diagnoses) print(diagnosis);
  };

  report(examineNode(), ...examineFirstProcess());
  const config = tryConfig();
  report(...oddSettings().map(oddSetting));
  if (config instanceof BadSettingsError)
    report(...config.settings.map((each) => failure('Config', each)));
  else if (config instanceof Error) report(failure('Config', config));
  else {
    report(examineConfig(config), ...examineHome(config), examineBinaries(config));
    report(...(await inTime('Database', examineDatabase(config))));
    report(...(await inTime('Redis', examineRedis(config))));
  }

  // What is still open must not keep the process from ending once all is printed.
  if (isLate) setTimeout(() => process.exit(), 1_000);
  const broken = found.filter(({ status }) => status === 'fail').length;
  if (broken > 0) process.exitCode = exitCodes.failed;
  if (options.json) return json(found);
  const warnings = found.filter(({ status }) => status === 'warn').length;
  say();
  if (broken > 0) say(paint('red', `Broken: ${broken}. What to try stands below each.`));
  else if (warnings > 0) say(`Nothing is broken; ${warnings} to know about.`);
  else say(`${paint('green', 'Nothing is broken.')} What needs you: npx roundsman status`);
}

/** A server may stop answering in the middle of a look: no part of the doctor takes longer than this. */
const mostMs = 60_000;

let isLate = false;

async function inTime(subject: string, look: Promise<Diagnosis[]>): Promise<Diagnosis[]> {
  const found = look.catch((error: unknown) => [failure(subject, error)]);
  if (await within(mostMs, found)) return found;
  isLate = true;
  return [
    fail(
      subject,
      `it stopped answering: a look has not ended for ${mostMs / 1_000} s`,
      'look at the server, then ask again',
    ),
  ];
}

/** Of `Connections`, the longest subject. */
const widest = 11;

function print({ subject, status, detail, hint }: Diagnosis): void {
  say(`${paint(marks[status], status.padEnd(4))}  ${subject.padEnd(widest)}  ${printable(detail)}`);
  if (hint) say(`      ${' '.repeat(widest)}  try: ${printable(hint)}`);
}

const oddSetting = (what: string): Diagnosis =>
  warn('Config', what, 'correct its name or its line, or remove it; the README lists the settings');

function tryConfig(): Config | Error {
  try {
    return readConfig();
  } catch (error) {
    return error as Error;
  }
}

function failure(subject: string, error: unknown): Diagnosis {
  const told = error instanceof RoundsmanError ? error : explainFault(error);
  return told
    ? fail(subject, `${told.what}: ${told.why}`, told.hint)
    : fail(subject, messageOf(error), 'this was not foreseen: please report it as a defect');
}
