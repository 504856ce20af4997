/** Every fault that can be planted: one file a bot, one line here. */
import { curatorFaults } from './curator.ts';
import type { Fault } from './fault.ts';
import { janitorFaults } from './janitor.ts';
import { pulseFaults } from './pulse.ts';

export const faults: readonly Fault[] = [...curatorFaults, ...janitorFaults, ...pulseFaults];
