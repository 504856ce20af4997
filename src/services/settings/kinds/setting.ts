/** A setting of the engine that a person may change. */
export interface EngineSetting<Name extends string = string> {
  name: Name;
  /** what it is for, for a person */
  meaning: string;
  example: string;
  /** The value that a person has typed; throws {@link UnfitValue}. */
  read(text: string): unknown;
}

/** A value of a setting that cannot be used, with the reason. */
export class UnfitValue extends Error {}

/** A whole number of a setting, from `min` to `max`. Throws {@link UnfitValue}; `or` is what may be typed in its place. */
export function wholeNumber(text: string, min: number, max: number, or = ''): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < min || number > max)
    throw new UnfitValue(`it has to be a whole number from ${min} to ${max}${or}`);
  return number;
}
