/** The kill switch: sets the mode to `off`, so that no remedy acts until a person sets another one. */
import { defineRemedy, NotAppliedError, sql, z } from '../../src/bot.ts';
import type { RemedyContext } from '../../src/bot.ts';

const params = z.strictObject({
  reason: z.string().trim().min(1).max(500).default('stopped by a remedy'),
});

interface Mode {
  /** null where the setting is missing: then nothing is healed either */
  mode: string | null;
  changed_by: string | null;
  /** as text: a Date would lose its microseconds, and with them which change was the last */
  changed_at: string;
}

async function readMode({ db }: RemedyContext): Promise<Mode | null> {
  const { rows } = await sql<Mode>`
    SELECT value #>> '{}' AS mode, changed_by, changed_at::text FROM engine.settings WHERE key = 'mode'`.execute(
    db,
  );
  return rows[0] ?? null;
}

const isHealing = (found: Mode | null) => found?.mode === 'safe' || found?.mode === 'auto';

export const stopHealing = defineRemedy({
  name: 'healing.stop',
  title: 'Stop all healing: mode off',
  risk: 'reversible',
  params,
  async isDone(_params, context) {
    return !isHealing(await readMode(context));
  },
  async apply({ reason }, context) {
    const before = await readMode(context);
    if (!isHealing(before)) throw new NotAppliedError('healing is stopped already');
    await context.setMode('off', reason);
    return {
      summary: `set the mode from ${before!.mode} to off`,
      before,
      after: await readMode(context),
    };
  },
  async undo(_params, context) {
    const before = context.before as Mode | null;
    const after = context.after as Mode | null;
    if (before?.mode !== 'safe' && before?.mode !== 'auto')
      throw new NotAppliedError('nothing was healed before');
    const current = await readMode(context);
    if (current?.mode !== 'off' || current.changed_at !== after?.changed_at)
      throw new NotAppliedError(`the mode was changed since: it is ${current?.mode ?? 'not set'}`);
    await context.setMode(before.mode, 'a person took the kill switch back');
    return {
      summary: `set the mode back to ${before.mode}`,
      before: current,
      after: await readMode(context),
    };
  },
});
