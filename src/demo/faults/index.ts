/** Every fault that can be planted: one file a bot, one line here. */
import { conductorFaults } from './conductor.ts';
import type { Fault } from './fault.ts';
import { heraldFaults } from './herald.ts';
import { janitorFaults } from './janitor.ts';
import { meterFaults } from './meter.ts';

export const faults: readonly Fault[] = [
  ...conductorFaults,
  ...janitorFaults,
  ...heraldFaults,
  ...meterFaults,
];
