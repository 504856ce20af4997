/** Bytes that come closer together than a person presses keys came at once. */

/** A person who presses two keys needs longer than this; a program, a paste or a line that was held up does not. */
export const burstMs = 15;

/** How long the rest of the sequence of one key may take on a slow line. */
const sequenceMs = 60;

export interface Gatherer {
  push(chunk: string): void;
  stop(): void;
}

/**
 * Calls `give` with all that came without a pause of {@link burstMs}, as one text, and `paused` when nothing more has come
 * for long enough that a sequence which has begun will not go on.
 */
export function gather(give: (chunk: string) => void, paused: () => void): Gatherer {
  let gathered = '';
  let quiet: NodeJS.Timeout | undefined;
  let longer: NodeJS.Timeout | undefined;
  const stop = () => {
    clearTimeout(quiet);
    clearTimeout(longer);
  };
  return {
    push(chunk) {
      stop();
      gathered += chunk;
      quiet = setTimeout(() => {
        const whole = gathered;
        gathered = '';
        give(whole);
      }, burstMs);
      longer = setTimeout(paused, sequenceMs);
    },
    stop,
  };
}
