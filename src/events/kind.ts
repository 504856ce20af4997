export type Level = 'debug' | 'info' | 'warn' | 'error';

/** A kind of event: how much it matters, and the sentence that the log writes for it. */
export interface Kind<Facts extends object> {
  level: Level;
  sentence(facts: Facts): string;
}

/** Defines a kind of event. Facts name a caught error `err`. */
export const eventKind = <Facts extends object = Record<never, never>>(
  level: Level,
  sentence: string | ((facts: Facts) => string),
): Kind<Facts> => ({
  level,
  sentence: typeof sentence === 'string' ? () => sentence : sentence,
});
