/** Prepares the reading of one log, whose lines are read one after the other. */
import type { Reading } from './log-format.ts';
import { Years } from './years.ts';
import { followingZone } from './zone.ts';

/** A copy of these settings for one reader: its zone and its years remember the times that were read. */
export const inOrder = (reading: Reading): Reading & { years: Years } => ({
  ...reading,
  zone: followingZone(reading.zone),
  years: new Years(reading.now),
});
