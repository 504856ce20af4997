/** Every fault that can be planted: one file a bot, one line here. */
import type { Fault } from './fault.ts';
import { heraldFaults } from './herald.ts';
import { janitorFaults } from './janitor.ts';
import { meterFaults } from './meter.ts';

export const faults: readonly Fault[] = [...janitorFaults, ...heraldFaults, ...meterFaults];
