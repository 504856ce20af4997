import type { Config } from '../../config.ts';
import type { Db } from '../../database/connect.ts';
import { configuredBackend, recordedBackend } from '../../queue/backend.ts';
import { botsThatAre, fullPlaces, ofOneMoment, readFacts, type Facts } from '../progress/facts.ts';
import { oldRowsLeft, slotsTooLate } from '../progress/kept.ts';
import { policyUnreadable } from '../progress/needs.ts';
import { takesNoWrites } from '../progress/read-only.ts';
import { botsOverdue, runsLost, runsWaiting } from '../progress/standstill.ts';
import { counted } from '../../ground/text.ts';
import { fail, ok, warn, type Diagnosis } from './diagnosis.ts';
import { examineDefinitions } from './definitions.ts';
import { examineBackups } from './backups.ts';
import { examineListener } from './listener.ts';
import { examineNotifications } from './notifications.ts';
import { examinePing } from './ping.ts';
import { examineProcesses } from './processes.ts';
import { examineCode, examineRemedies } from './project.ts';
import { examineSecrets } from './secrets.ts';
import { examineSources } from './sources.ts';
import { examineProgress } from './progress.ts';

/** Examines the queue, the processes, whether runs get through, and the bots; the database must be migrated. */
export async function examineEngine(
  db: Db,
  config: Config,
  onCanary: () => void,
): Promise<Diagnosis[]> {
  const recorded = await recordedBackend(db);
  const progress = await examineProgress(db, onCanary);
  const facts = await ofOneMoment(db, readFacts);
  return [
    examineQueue(recorded, config),
    ...examineProcesses(facts, progress),
    ...(progress ? [progress] : []),
    ...examineWaiting(facts),
    examineBots(facts),
    ...examineCode(facts),
    ...examineRemedies(facts),
    ...(await examineDefinitions(db)),
    ...examineMaintenance(facts),
    ...(await examineSecrets(db, config, facts)),
    ...(await examineSources(db, config)),
    ...examineListener(facts),
    await examineBackups(db),
    ...examineKept(facts),
    await examinePing(db, config, facts),
    ...examinePolicy(facts),
    await examineNotifications(db, facts),
  ];
}

function examineQueue(recorded: string | null, config: Config): Diagnosis {
  const configured = configuredBackend(config);
  if (recorded === null)
    return ok('Queue', `none recorded yet; the first process takes BullMQ on ${configured}`);
  if (recorded === configured) return ok('Queue', `BullMQ on ${recorded}, as recorded`);
  return fail(
    'Queue',
    `runs are queued on ${recorded}, and this configuration says ${configured}`,
    `${recorded === 'redis' ? 'set REDIS_URL' : 'unset REDIS_URL'}, or stop all processes and run \`npx roundsman db queue ${configured}\``,
  );
}

/**
 * Runs that wait too long, from the same facts as `status`. If that is because all places are busy, or no process is alive, it is a
 * warning.
 */
function examineWaiting(facts: Facts): Diagnosis[] {
  if (takesNoWrites(facts)) return [];
  const { nodes, carried } = facts;
  const hasNoPlace = fullPlaces(nodes, carried) !== null || !nodes.some(({ alive }) => alive);
  const whereToLook = 'see Processes and Progress';
  const found = [
    runsWaiting(facts, whereToLook),
    runsLost(facts, 'see Processes'),
    botsOverdue(facts, whereToLook),
  ];
  return found.flatMap((need) =>
    need ? [(hasNoPlace ? warn : fail)('Runs', need.what, need.try)] : [],
  );
}

/** A diagnosis only if the policy cannot be read. */
function examinePolicy(facts: Facts): Diagnosis[] {
  const need = policyUnreadable(facts);
  return need ? [fail('Policy', need.what, need.try)] : [];
}

/** A diagnosis only of what is left: rows that should have gone, and jobs that come too late for their hours. */
function examineKept(facts: Facts): Diagnosis[] {
  const needs = [oldRowsLeft(facts), slotsTooLate(facts)].filter((need) => need !== null);
  return needs.map((need) => warn('Retention', need.what, need.try));
}

/** Windows in force: what they hold back is not broken, but a person who examines the installation has to know of it. */
function examineMaintenance({ maintenance }: Facts): Diagnosis[] {
  const { windows, findings, tickets } = maintenance;
  if (windows === 0) return [];
  const heldBack = `${counted(findings, 'finding')} and ${counted(tickets, 'ticket')}`;
  const detail = `${counted(windows, 'window')} in force ${windows === 1 ? 'holds' : 'hold'} back ${heldBack}: \`npx roundsman maintenance list\``;
  return [ok('Maintenance', detail)];
}

function examineBots(facts: Facts): Diagnosis {
  const { bots, inError } = facts;
  if (inError.length > 0)
    return fail(
      'Bots',
      `${botsThatAre(facts, 'error')} in error: ${inError.map(({ name, status_reason }) => `${name} (${status_reason ?? 'no reason recorded'})`).join('; ')}`,
      `\`npx roundsman bots edit ${inError[0]!.name}\` with a definition that can run`,
    );
  if (bots.length === 0)
    return warn('Bots', 'there are none', 'run `npx roundsman up`, which adds the built-in ones');
  return ok('Bots', `${botsThatAre(facts, 'active')} active, none in error`);
}
