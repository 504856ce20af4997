/** Every fault that can be planted: one file a bot, one line here. */
import type { Fault } from './fault.ts';
import { janitorFaults } from './janitor.ts';
import { sentinelDbFaults } from './sentinel-db.ts';
import { surveyorFaults } from './surveyor.ts';

export const faults: readonly Fault[] = [...janitorFaults, ...sentinelDbFaults, ...surveyorFaults];
