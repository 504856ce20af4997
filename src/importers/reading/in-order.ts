/** How the lines of one log are read one after the other. */
import type { Reading } from './log-format.ts';
import { Years } from './years.ts';
import { following } from './zone.ts';

/** The same settings for one reader, which remembers the times that it has read. */
export const inOrder = (reading: Reading): Reading & { years: Years } => ({
  ...reading,
  zone: following(reading.zone),
  years: new Years(reading.now),
});
