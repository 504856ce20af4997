/** Every fault that can be planted: one file a bot, one line here. */
import type { Fault } from './fault.ts';
import { janitorFaults } from './janitor.ts';
import { oracleFaults } from './oracle.ts';
import { wardenFaults } from './warden.ts';

export const faults: readonly Fault[] = [...janitorFaults, ...oracleFaults, ...wardenFaults];
