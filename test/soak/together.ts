/**
 * Lets the runs of one minute end together. Each of them would otherwise end in a flush of its own, as soon as its check has ended,
 * where a worker under load ends many in one.
 */
import type { RunWriter } from '../../src/run/writer/run-writer.ts';

export class EndTogether {
  readonly writer: RunWriter;
  #active = 0;
  #waiting: (() => void)[] = [];

  constructor(writer: RunWriter) {
    const arrive = (): Promise<void> =>
      new Promise((resolve) => {
        this.#waiting.push(resolve);
        this.#releaseIfAll();
      });
    this.writer = {
      ...writer,
      async end(run, ending) {
        await arrive();
        return writer.end(run, ending);
      },
      async recordAndEnd(run, outcomes, ending) {
        await arrive();
        return writer.recordAndEnd(run, outcomes, ending);
      },
    };
  }

  /** Carries out runs, and resolves when all of them have ended. */
  async all(runs: (() => Promise<void>)[]): Promise<void> {
    this.#active = runs.length;
    await Promise.all(
      runs.map(async (run) => {
        await run();
        this.#active -= 1;
        this.#releaseIfAll();
      }),
    );
  }

  #releaseIfAll(): void {
    if (this.#waiting.length < this.#active) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    // They end after this; a run that has not been counted as ended by then does not wait again.
    for (const resolve of waiting) resolve();
  }
}
