/** Silences: what is not reported to people, and until when. */
import { sql } from 'kysely';
import { z } from 'zod';
import { silenceInForce } from '../../../data/bots/bot-silences.ts';
import { UsageError } from '../../../ground/errors.ts';
import { didYouMean } from '../../../ground/nearest.ts';
import { time } from '../../../ground/text.ts';
import { addSilence, silenceTextOf } from '../../silences/add.ts';
import { endSilence } from '../../silences/end.ts';
import { names, text } from './fields.ts';
import type { Applying, Kind, Values } from './kind.ts';
import { lockRows } from './lock-rows.ts';

const untilResolved = 'resolved';
const named = ['bot', 'component', 'category', 'fingerprint'] as const;

const definition = z.strictObject(
  {
    bot: text('the name of a bot').nullish(),
    component: text('the component of the findings').nullish(),
    category: text('the category of the findings').nullish(),
    fingerprint: text('the fingerprint of one problem').nullish(),
    reason: text('why').optional(),
    until: z
      .union(
        [z.literal(untilResolved), z.iso.datetime({ offset: true })],
        `has to be a time with its zone, as 2027-01-10T12:05:00Z, or ${untilResolved}`,
      )
      .optional()
      .describe('when it ends: a time with its zone; or resolved, when no such problem is open'),
  },
  'has to be a map of the fields of a silence',
);

/** Times are compared as texts: in UTC, without fractions of a second. */
const inUtc = (at: Date): string => at.toISOString().replace(/\.\d+Z$/, 'Z');

export const silences: Kind = {
  kind: 'silences',
  meaning: 'what people are not told of, until when, and why',
  form: 'map',
  schema: names(definition),
  fields: [...named, 'reason', 'until'],
  required: ['reason', 'until'],
  // A fingerprint names a problem.
  isOpen: (_, field) => field === 'fingerprint' || field === 'until',
  defaults: () => ({ bot: null, component: null, category: null, fingerprint: null }),
  async present(db) {
    const rows = await db
      .selectFrom('bot_silences as s')
      .leftJoin('bots', 'bots.id', 's.bot_id')
      .leftJoin('engine.definitions as d', (join) =>
        join.on(sql<boolean>`d.kind = 'silences' AND d.row_id = s.id::text`),
      )
      .select(['s.id', 'bots.name as bot', 's.component', 's.category', 's.fingerprint'])
      .select(['s.reason', 's.until_resolved', 's.expires_at', 's.ended_at', 'd.name'])
      .select(silenceInForce.as('in_force'))
      .where((eb) => eb.or([silenceInForce, eb('d.name', 'is not', null)]))
      .orderBy('s.created_at')
      .orderBy('s.id')
      .execute();
    return rows.map(({ id, name, until_resolved, expires_at, ended_at, in_force, ...row }) => ({
      id,
      name: name ?? `silence-${id.slice(0, 8)}`,
      values: {
        bot: row.bot,
        component: row.component,
        category: row.category,
        fingerprint: row.fingerprint,
        reason: row.reason,
        until: until_resolved ? untilResolved : inUtc(expires_at!),
      },
      ...(!in_force && { over: (ended_at ?? expires_at)! }),
    }));
  },
  read({ until, reason, ...given }) {
    const texts = named.map((field) => [
      field,
      given[field] === undefined ? undefined : silenceTextOf(field, String(given[field])),
    ]);
    const times = typeof until === 'string' && until !== untilResolved;
    return {
      ...Object.fromEntries(texts.filter(([, value]) => value !== undefined)),
      ...(reason !== undefined && { reason: silenceTextOf('reason', String(reason)) }),
      ...(until !== undefined && { until: times ? inUtc(new Date(until)) : until }),
    };
  },
  async check({ bots }, { name, after }) {
    if (named.every((field) => (after[field] ?? null) === null))
      throw new UsageError({
        what: `${name} would silence everything`,
        why: `it has none of ${named.join(', ')}`,
        hint: 'name at least one of them',
      });
    const bot = after.bot as string | null;
    if (bot !== null && !bots.has(bot))
      throw new UsageError({
        what: `there is no bot ${bot}`,
        why: 'no bot has this name, and the files add none',
        hint: didYouMean(bot, [...bots], '`npx roundsman bots list` shows what there is'),
      });
  },
  isPast({ until }, now) {
    if (typeof until !== 'string' || until === untilResolved || new Date(until) > now) return null;
    return `it would have ended at ${time(new Date(until))} UTC`;
  },
  lock: (trx, ids) => lockRows(trx, 'bot_silences', ids),
  add: (applying, _, values) => add(applying, values),
  /** A silence is not edited: it ends, and another one begins. */
  async change(applying, before, wanted) {
    if (!before.over) await silences.remove(applying, before);
    return add(applying, { ...before.values, ...wanted });
  },
  async remove({ db, actor }, { id }) {
    await endSilence({ db, actor }, { silence: id });
  },
  history: { kind: 'silence' },
};

async function add({ db, actor }: Applying, values: Values): Promise<string> {
  const until = String(values.until);
  const { silence } = await addSilence(
    { db, actor },
    {
      bot: (values.bot as string | null) ?? undefined,
      component: values.component as string | null,
      category: values.category as string | null,
      fingerprint: values.fingerprint as string | null,
      reason: String(values.reason),
      seconds: null,
      until: until === untilResolved ? null : new Date(until),
    },
  );
  return silence.id;
}
