export type Level = 'debug' | 'info' | 'warn' | 'error';

/** A kind of event: how much it matters, and the sentence that tells it. */
export interface Kind<Facts extends object> {
  level: Level;
  sentence(facts: Facts): string;
}

/** An error that was caught is the fact `err`. */
export const said = <Facts extends object = Record<never, never>>(
  level: Level,
  sentence: string | ((facts: Facts) => string),
): Kind<Facts> => ({
  level,
  sentence: typeof sentence === 'string' ? () => sentence : sentence,
});
