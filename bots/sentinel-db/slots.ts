/** Replication slots that no receiver uses: the server keeps the WAL for them until its disk is full. */
import { sql, z } from '../../src/bot.ts';
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import { span } from '../parts/in-words.ts';
import type { Config } from './config.ts';
import { bytes, reportList } from './report.ts';

interface Slot {
  name: string;
  type: string;
  active: boolean;
  /** bytes of WAL that the server keeps for it; null where it keeps none, as for a slot that was never used */
  retained: number | null;
  status: string | null;
  /** it keeps dead rows */
  holds_rows: boolean;
}

/** The second at which each slot was first seen inactive. */
const memory = z.record(z.string(), z.number());

/** How many slots are read. A server allows 10 unless max_replication_slots is set. */
const maxSlots = 150;

export async function findInactiveSlots(
  config: Config,
  context: CheckContext,
): Promise<CheckResult> {
  const { rows } = await sql<Slot>`
    SELECT slot_name AS name, slot_type AS type, active, wal_status AS status,
      xmin IS NOT NULL OR catalog_xmin IS NOT NULL AS holds_rows, pg_wal_lsn_diff(
      CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, restart_lsn)::float8 AS retained
    FROM pg_replication_slots WHERE NOT temporary ORDER BY retained DESC NULLS LAST, slot_name LIMIT ${maxSlots}`.execute(
    context.db,
  );
  const at = Math.floor(context.now.getTime() / 1_000);
  const known = memory.catch({}).parse(context.remembered ?? {});
  const inactive = rows.filter(({ active }) => !active);
  // Own properties only, because a slot may be called `constructor`. No slot was first seen later than now: the clock may have been set back.
  const firstSeen = (name: string) =>
    Object.hasOwn(known, name) ? Math.min(known[name]!, at) : at;
  const remember = Object.fromEntries(inactive.map(({ name }) => [name, firstSeen(name)]));
  const isLost = ({ status }: Slot) => status === 'lost' || status === 'unreserved';
  const keepsNothing = (slot: Slot) => slot.retained === null && !slot.holds_rows;
  const isLarge = ({ retained }: Slot) => (retained ?? 0) >= config.slot_severe_mb * 1_048_576;
  const found = inactive
    .map((slot) => ({ ...slot, seconds: at - remember[slot.name]! }))
    .filter(
      (slot) =>
        isLarge(slot) ||
        isLost(slot) ||
        (slot.seconds >= config.slot_minutes * 60 && !keepsNothing(slot)),
    );
  return {
    ...reportList(
      found,
      config,
      (slot) => ({
        severity: isLarge(slot) || isLost(slot) ? 'high' : 'medium',
        title: `Inactive slot ${slot.name}: ${slot.status === 'lost' ? 'its WAL is lost' : `the server keeps ${bytes(slot.retained ?? 0)} of WAL for it`}`,
        description: `No receiver has used this ${slot.type} slot for at least ${span(slot.seconds)}.`,
        component: slot.name,
        metadata: { type: slot.type, retained: slot.retained, wal_status: slot.status },
      }),
      {
        count: rows.length,
        figures: [
          { name: 'replication slots', value: rows.length },
          { name: 'inactive slots', value: inactive.length },
          {
            name: 'most WAL kept for one slot',
            value: Math.max(0, ...rows.map(({ retained }) => retained ?? 0)),
            unit: 'bytes',
          },
        ],
      },
    ),
    remember,
  };
}
