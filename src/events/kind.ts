export type Level = 'debug' | 'info' | 'warn' | 'error';

/** A kind of event: how much it matters, and the sentence that the log writes for it. */
export interface Kind<Facts extends object> {
  level: Level;
  sentence(facts: Facts): string;
}

/** A caught error is stored as the fact `err`. */
export const said = <Facts extends object = Record<never, never>>(
  level: Level,
  sentence: string | ((facts: Facts) => string),
): Kind<Facts> => ({
  level,
  sentence: typeof sentence === 'string' ? () => sentence : sentence,
});
