/** Bots: when they run, what runs, and how. */
import { z } from 'zod';
import { inUnits, secondsIn } from '../../../ground/duration.ts';
import { inspectDefinition } from '../../../schedule/definition.ts';
import { addBot, checkName, newBot } from '../../bots/add.ts';
import { refuseContradictions } from '../../bots/contradictions.ts';
import { columnsOf, type BotDefinition } from '../../bots/definition.ts';
import { editBot, editOf } from '../../bots/edit.ts';
import { disableBot, enableBot } from '../../bots/enable.ts';
import { refuseLackingTables } from '../../bots/lacking.ts';
import { removeBot } from '../../bots/remove.ts';
import { renameBot } from '../../bots/rename.ts';
import { refuseUnknownEndpoint } from '../../bots/settings.ts';
import { chosen, duration, flag, map, names, text, was, whole } from './fields.ts';
import type { Checked, Checking, Kind, Values } from './kind.ts';
import { lockRows } from './lock-rows.ts';

/** Each field that is an option of `bots edit`, with that option and what it is unless given; durations are texts. */
const fields = {
  schedule: { option: 'schedule' },
  endpoint: { option: 'endpoint' },
  display_name: { option: 'displayName' },
  description: { option: 'description', usual: null },
  timezone: { option: 'timezone', usual: 'UTC' },
  config: { option: 'config', usual: {} },
  catch_up: { option: 'catchUp', usual: 'last' },
  catch_up_limit: { option: 'catchUpLimit', usual: 10 },
  grace: { option: 'grace', usual: '1h' },
  overlap: { option: 'overlap', usual: 'skip' },
  concurrency: { option: 'concurrency', usual: 1 },
  jitter: { option: 'jitter', usual: '0s' },
  timeout: { option: 'timeout', usual: '1m' },
  max_attempts: { option: 'maxAttempts', usual: 3 },
  priority: { option: 'priority', usual: 0 },
  confirm: { option: 'confirm', usual: 1 },
  clear: { option: 'clear', usual: 1 },
} as const satisfies Record<string, { option: keyof BotDefinition; usual?: unknown }>;

type Field = keyof typeof fields;
const durations: readonly string[] = ['grace', 'jitter', 'timeout'];

const definition = z.strictObject(
  {
    was,
    schedule: text("five cron fields, as '*/5 * * * *', or a word such as '@hourly'").optional(),
    endpoint: text('what runs: /api/bots/<name>, or the https address of a remote bot').optional(),
    display_name: text('its name for people').nullish(),
    description: text('what it is for').nullish(),
    timezone: text('the zone of the schedule, as Europe/Berlin').nullish(),
    config: map("the bot's own settings, all of them").nullish(),
    catch_up: chosen(['skip', 'last', 'all'], 'which slots that were missed run later').nullish(),
    catch_up_limit: whole(1, 100, 'the most missed slots that `all` runs later').nullish(),
    grace: duration('30m', { least: 0, most: 31_536_000 }, 'how late a missed slot still runs'),
    overlap: chosen(['skip', 'queue'], 'what happens to a slot while the bot runs').nullish(),
    concurrency: whole(1, 1_000, 'the most runs at the same time').nullish(),
    jitter: duration('30s', { least: 0, most: 86_400 }, 'how far starts are spread'),
    timeout: duration('90s', { least: 1, most: 86_400 }, 'the longest a run may take'),
    max_attempts: whole(1, 100, 'the most attempts of one run').nullish(),
    priority: whole(0, 2_097_151, '0 goes first, then 1, 2, ...').nullish(),
    confirm: whole(1, 20, 'failures in a row before a finding counts').nullish(),
    clear: whole(1, 20, 'clean runs in a row before a finding resolves').nullish(),
    enabled: flag('false: it is disabled').nullish(),
  },
  'has to be a map of the fields of a bot',
);

const defaults = (name: string): Values => ({
  ...Object.fromEntries(
    Object.entries(fields).flatMap(([field, each]) =>
      'usual' in each ? [[field, each.usual]] : [],
    ),
  ),
  display_name: name,
  enabled: true,
});

/** The options of the commands for these fields. */
function optionsOf(values: Values, names: readonly string[]): BotDefinition {
  const options: Record<string, unknown> = {};
  for (const name of names) {
    const { option } = fields[name as Field];
    const value = values[name];
    if (value === undefined) continue;
    options[option] = durations.includes(name)
      ? secondsIn(value as string)
      : name === 'config'
        ? JSON.stringify(value)
        : value;
  }
  return options as BotDefinition;
}

const ofTable = (names: readonly string[]): string[] =>
  names.filter((name) => Object.hasOwn(fields, name));

/** The fields of a new bot as `bots add` gets them: what is as usual is left to the table. */
function newOptions(name: string, values: Values) {
  const usual = defaults(name);
  const given = ofTable(Object.keys(values)).filter((field) => values[field] !== usual[field]);
  return { ...optionsOf(values, given), name } as Parameters<typeof newBot>[0];
}

async function check(
  { catalogue, lacking }: Checking,
  { name, before, after, changed }: Checked,
): Promise<void> {
  checkName(name);
  const endpoint = String(after.endpoint);
  if (before === null) {
    newBot(newOptions(name, after), catalogue);
    return refuseLackingTables(lacking, { api_endpoint: endpoint }, `${name} cannot be added`);
  }
  const columns = columnsOf(optionsOf(after, ofTable(changed)));
  const next = {
    schedule_cron: String(after.schedule),
    timezone: String(after.timezone),
    api_endpoint: endpoint,
    config: after.config,
    catch_up: after.catch_up as 'last',
    clear: Number(after.clear),
    jitter_seconds: secondsIn(String(after.jitter))!,
  };
  if (['schedule', 'timezone', 'endpoint', 'config'].some((field) => changed.includes(field))) {
    refuseUnknownEndpoint(catalogue, endpoint);
    inspectDefinition(next, catalogue);
  }
  refuseContradictions(next, Object.keys(columns));
  if (changed.includes('endpoint')) refuseLackingTables(lacking, next, `${name} cannot be changed`);
}

export const bots: Kind = {
  kind: 'bots',
  meaning: 'when each bot runs, what runs, and how',
  form: 'map',
  schema: names(definition),
  fields: [...Object.keys(fields), 'enabled'],
  required: ['schedule', 'endpoint'],
  // With another catch_up the commands refuse a limit.
  isIdle: (field, { catch_up }) => field === 'catch_up_limit' && catch_up !== 'all',
  defaults,
  async present(db) {
    const rows = await db
      .selectFrom('bots')
      .select(['id', 'name', 'schedule_cron', 'api_endpoint', 'display_name', 'description'])
      .select(['timezone', 'config', 'catch_up', 'catch_up_limit', 'grace_seconds', 'overlap'])
      .select(['concurrency', 'jitter_seconds', 'timeout_seconds', 'max_attempts', 'priority'])
      .select(['confirm', 'clear', 'status'])
      .where('removed_at', 'is', null)
      .orderBy('name')
      .execute();
    return rows.map(({ id, name, ...row }) => ({
      id,
      name,
      values: {
        schedule: row.schedule_cron,
        endpoint: row.api_endpoint,
        display_name: row.display_name,
        description: row.description,
        timezone: row.timezone,
        config: row.config,
        catch_up: row.catch_up,
        catch_up_limit: row.catch_up_limit,
        grace: inUnits(row.grace_seconds),
        overlap: row.overlap,
        concurrency: row.concurrency,
        jitter: inUnits(row.jitter_seconds),
        timeout: inUnits(row.timeout_seconds),
        max_attempts: row.max_attempts,
        priority: row.priority,
        confirm: row.confirm,
        clear: row.clear,
        enabled: row.status !== 'disabled',
      },
    }));
  },
  read({ was: _, config, ...given }) {
    const values: Record<string, unknown> = { ...given };
    for (const field of durations)
      if (given[field] !== undefined) values[field] = inUnits(given[field] as number);
    // What the commands take away from a text, such as spaces; the endpoint becomes what the table has.
    const texts = ['schedule', 'endpoint', 'timezone', 'display_name', 'description'];
    const columns = columnsOf(optionsOf(values, texts));
    if (columns.schedule_cron !== undefined) values.schedule = columns.schedule_cron;
    if (columns.api_endpoint !== undefined) values.endpoint = columns.api_endpoint;
    if (columns.timezone !== undefined) values.timezone = columns.timezone;
    return config === undefined ? values : { ...values, config };
  },
  check,
  lock: (trx, ids) => lockRows(trx, 'bots', ids),
  async add({ db, actor, catalogue }, name, values) {
    const bot = newBot(newOptions(name, values), catalogue);
    const added = await addBot({ db, actor, catalogue }, { bot });
    if (values.enabled === false)
      await disableBot({ db, actor }, { bot: added.bot.id, reason: notEnabled });
    return added.bot.id;
  },
  async change({ db, actor, catalogue }, { id }, wanted, changed) {
    const edit = editOf(optionsOf(wanted, ofTable(changed)));
    if (Object.keys(edit).length > 0) await editBot({ db, actor, catalogue }, { bot: id, edit });
    if (!changed.includes('enabled')) return id;
    if (wanted.enabled)
      await enableBot({ db, actor, catalogue: async () => catalogue }, { bot: id });
    else await disableBot({ db, actor }, { bot: id, reason: notEnabled });
    return id;
  },
  async rename({ db, actor }, { id }, name) {
    await renameBot({ db, actor }, { bot: id, name });
  },
  async remove({ db, actor }, { id }) {
    await removeBot({ db, actor }, { bot: id, reason: 'its definition was removed' });
  },
  history: {
    kind: 'bot',
    columns: {
      schedule: 'schedule_cron',
      endpoint: 'api_endpoint',
      grace: 'grace_seconds',
      jitter: 'jitter_seconds',
      timeout: 'timeout_seconds',
      enabled: 'status',
    },
  },
};

const notEnabled = 'its definition says enabled: false';
