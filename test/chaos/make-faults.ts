/** Makes the planned faults at their times, and writes the fault log. */
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { faults, type Stage } from './faults.ts';
import { kindsOf, type Backend, type Planned } from './plan.ts';

/** A line of the fault log. */
export interface MadeFault extends Planned {
  began: number;
  ended: number;
  /** the post that was hit; null: the fault hit all posts */
  target: string | null;
  /** why it did not happen; null when it did */
  missed: string | null;
}

/** A kind of fault that could not happen when it was planned is tried again at the end, for this long. */
const moreTriesMs = 60_000;

/** Makes the faults of the plan. Resolves with all of them when the last one is over. */
export async function makeFaults(
  stage: Stage,
  plan: Planned[],
  backend: Backend,
  log: string,
): Promise<MadeFault[]> {
  const start = Date.now();
  const made: MadeFault[] = [];
  const running: Promise<void>[] = [];
  for (const planned of plan) {
    await sleep(Math.max(0, start + planned.atMs - Date.now()));
    running.push(make(planned));
  }
  await Promise.all(running);
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
    const line: MadeFault = {
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
