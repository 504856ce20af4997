import { BadSettingsError, readConfig, type Config } from '../../config.ts';
import { explainFault } from '../../database/faults/explain-fault.ts';
import { messageOf, RoundsmanError } from '../../ground/errors.ts';
import { settlesWithin } from '../../ground/settles-within.ts';
import { oddSettings } from '../../odd-settings.ts';
import { examineDatabase } from './database.ts';
import { fail, warn, type Diagnosis } from './diagnosis.ts';
import {
  examineBinaries,
  examineConfig,
  examineFirstProcess,
  examineHome,
  examineNode,
  examineZone,
} from './host.ts';
import { examineProject, type ReadProject } from './project.ts';
import { examineRedis } from './redis.ts';
import { examineSettingsFile } from './settings-file.ts';

export type { Diagnosis } from './diagnosis.ts';

export interface Listener {
  /** called with each diagnosis as soon as it is known */
  onFound(diagnosis: Diagnosis): void;
  /** called before a canary is sent, because waiting for it takes a while */
  onCanary(): void;
  /** called if joining or leaving the embedded database takes long; `what` says what it waits for */
  onWait(what: string): void;
}

/**
 * Examines everything that this installation depends on; an examination that fails does not stop the others. `isLate` says
 * that one of them has not ended, and may still keep a connection open.
 */
export async function examineAll(
  listener: Listener,
  readProject: ReadProject = async () => null,
): Promise<{ found: Diagnosis[]; isLate: boolean }> {
  const found: Diagnosis[] = [];
  const report = (...diagnoses: Diagnosis[]) => {
    found.push(...diagnoses);
    diagnoses.forEach((each) => listener.onFound(each));
  };
  const examine = async (subject: string, of: () => Diagnosis[] | Promise<Diagnosis[]>) => {
    try {
      report(...(await of()));
    } catch (error) {
      report(failure(subject, error));
    }
  };
  await examine('Node', () => [examineNode(), ...examineZone(), ...examineFirstProcess()]);
  await examine('Project', () => examineProject(readProject));
  const config = tryConfig();
  await examine('Config', () => [...oddSettings().map(oddSetting), ...examineSettingsFile()]);
  if (config instanceof Error) {
    const faults = config instanceof BadSettingsError ? config.settings : [config];
    report(...faults.map((each) => failure('Config', each)));
    return { found, isLate: false };
  }
  await examine('Config', () => [examineConfig(config)]);
  await examine('Home', () => examineHome(config));
  await examine('Binaries', () => [examineBinaries(config)]);
  const database = await examineInTime('Database', examineDatabase(config, listener));
  report(...database.found);
  const redis = await examineInTime('Redis', examineRedis(config, listener));
  report(...redis.found);
  return { found, isLate: database.isLate || redis.isLate };
}

/** How long each part of the doctor may take: a server may stop answering in the middle of an examination. */
const maxMs = 60_000;

async function examineInTime(
  subject: string,
  examination: Promise<Diagnosis[]>,
): Promise<{ found: Diagnosis[]; isLate: boolean }> {
  const found = examination.catch((error: unknown) => [failure(subject, error)]);
  if (await settlesWithin(maxMs, found)) return { found: await found, isLate: false };
  const late = fail(
    subject,
    `it stopped answering: a check has not ended for ${maxMs / 1_000} s`,
    'check the server, then run the doctor again',
  );
  return { found: [late], isLate: true };
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
  const explained = error instanceof RoundsmanError ? error : explainFault(error);
  return explained
    ? fail(subject, `${explained.what}: ${explained.why}`, explained.hint)
    : fail(subject, messageOf(error), 'this error is unexpected: please report it as a defect');
}
