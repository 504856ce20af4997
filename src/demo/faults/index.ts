/** Every fault that can be planted: one file a bot, one line here. */
import type { Fault } from './fault.ts';
import { guardianFaults } from './guardian.ts';
import { janitorFaults } from './janitor.ts';
import { ledgerFaults } from './ledger.ts';

export const faults: readonly Fault[] = [...janitorFaults, ...ledgerFaults, ...guardianFaults];
