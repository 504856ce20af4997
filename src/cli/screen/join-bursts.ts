/** Joins what a terminal sends at once: bytes closer together than a person can press keys. */

/** A person who presses two keys takes longer than this between them; a program, a paste, or a line that was delayed does not. */
export const burstMs = 15;

/** How long the rest of the sequence of one key may take on a slow line. */
const sequenceMs = 60;

export interface BurstJoiner {
  push(chunk: string): void;
  stop(): void;
}

/**
 * Calls `give` with each burst, the text that comes without a pause of {@link burstMs}; and `paused` after {@link sequenceMs}
 * without input, when the rest of a sequence that has begun will not come any more.
 */
export function joinBursts(give: (chunk: string) => void, paused: () => void): BurstJoiner {
  let burst = '';
  let burstTimer: NodeJS.Timeout | undefined;
  let sequenceTimer: NodeJS.Timeout | undefined;
  const stop = () => {
    clearTimeout(burstTimer);
    clearTimeout(sequenceTimer);
  };
  return {
    push(chunk) {
      stop();
      burst += chunk;
      burstTimer = setTimeout(() => {
        const whole = burst;
        burst = '';
        give(whole);
      }, burstMs);
      sequenceTimer = setTimeout(paused, sequenceMs);
    },
    stop,
  };
}
