/** Makes the planned faults at their times and writes down what happened. */
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { faults, type Stage } from './faults.ts';
import { kindsOf, type Backend, type Planned } from './plan.ts';

/** A line of the fault log. */
export interface Made extends Planned {
  began: number;
  ended: number;
  /** the post that was hit; null: everybody */
  target: string | null;
  /** why it did not happen; null when it did */
  missed: string | null;
}

/** A kind that could not happen when it was planned is tried again at the end, for so long. */
const moreTriesMs = 60_000;

/** Resolves when the last fault is over. */
export async function direct(
  stage: Stage,
  plan: Planned[],
  backend: Backend,
  log: string,
): Promise<Made[]> {
  const start = Date.now();
  const made: Made[] = [];
  const under: Promise<void>[] = [];
  for (const planned of plan) {
    await sleep(Math.max(0, start + planned.atMs - Date.now()));
    under.push(make(planned));
  }
  await Promise.all(under);
  const deadline = Date.now() + moreTriesMs;
  for (const kind of kindsOf(backend))
    while (!happened(kind) && Date.now() < deadline) {
      await sleep(2_000);
      await make({ atMs: Date.now() - start, kind, pick: 0, lastsMs: 6_000 });
    }
  return made;

  function happened(kind: string): boolean {
    return made.some((each) => each.kind === kind && each.missed === null);
  }

  async function make(planned: Planned): Promise<void> {
    const began = Date.now();
    const done = await faults[planned.kind](stage, planned).catch((error: unknown) => ({
      missed: String(error),
    }));
    const line: Made = {
      ...planned,
      began,
      ended: Date.now(),
      target: 'target' in done ? done.target : null,
      missed: 'missed' in done ? done.missed : null,
    };
    made.push(line);
    appendFileSync(log, `${JSON.stringify(line)}\n`);
  }
}
