/** Work of a job on many things of which none needs another: what is refused of one keeps no other one from being done. */
import { meaningOf, stateOf } from './sql-states.ts';
import { byNumber } from '../../ground/text.ts';
import { messageOf, RoundsmanError } from '../../ground/errors.ts';

/** The database refused a part of what the job does. The other parts were done. */
export class PartsRefusedError extends RoundsmanError {}

/** Of the server itself, of its connections, its disk: other parts would meet it, too. */
const ofServer = new Set<unknown>(['connection', 'resources', 'read-only']);

/** Whether the server answered, and what it says is about this one statement: a trigger's refusal, a missing right, damage, its time. */
const isOfPart = (error: unknown): boolean =>
  stateOf(error).length === 5 && !ofServer.has(meaningOf(error)?.fault);

export class PartByPart {
  #done = 0;
  #refused = 0;
  #first: { name: string; error: unknown } | null = null;

  /** Resolves with null where the server refused the part. Throws everything else. */
  async carryOut<Result>(name: string, part: () => Promise<Result>): Promise<Result | null> {
    try {
      const result = await part();
      this.#done += 1;
      return result;
    } catch (error) {
      if (!isOfPart(error)) throw error;
      this.#refused += 1;
      this.#first ??= { name, error };
      return null;
    }
  }

  get anyRefused(): boolean {
    return this.#first !== null;
  }

  /** To be called at the end. Throws {@link PartsRefusedError}, with the first reason, where a part was refused. */
  refuseIfAny(hint: string): void {
    if (this.#first === null) return;
    const { name, error } = this.#first;
    const all = this.#done + this.#refused;
    throw new PartsRefusedError(
      {
        what: `${byNumber(this.#refused, 'one', `${this.#refused}`)} of ${all} parts could not be done; the others were`,
        why: `${name}: ${messageOf(error)}`,
        hint,
      },
      { cause: error },
    );
  }
}
