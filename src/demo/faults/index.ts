/** Every fault that can be planted: one file a bot, or several where its faults are many, and one line here. */
import { architectFaults } from './architect.ts';
import { conductorFaults } from './conductor.ts';
import { curatorFaults } from './curator.ts';
import { errorWatchFaults } from './error-watch.ts';
import type { Fault } from './fault.ts';
import { guardianFaults } from './guardian.ts';
import { heraldFaults } from './herald.ts';
import { withOwnIds } from './ids.ts';
import { janitorFaults } from './janitor.ts';
import { ledgerFaults } from './ledger.ts';
import { meterFaults } from './meter.ts';
import { meterSettingsFaults } from './meter-settings.ts';
import { oracleFaults } from './oracle.ts';
import { pulseFaults } from './pulse.ts';
import { scoutFaults } from './scout.ts';
import { sentinelApiFaults } from './sentinel-api.ts';
import { sentinelDbCounterFaults } from './sentinel-db-counters.ts';
import { sentinelDbFaults } from './sentinel-db.ts';
import { sentinelDbTableFaults } from './sentinel-db-tables.ts';
import { sentinelFaults } from './sentinel.ts';
import { surveyorFaults } from './surveyor.ts';
import { wardenFaults } from './warden.ts';

export const faults: readonly Fault[] = [
  ...conductorFaults,
  ...janitorFaults,
  ...sentinelFaults,
  ...sentinelApiFaults,
  ...sentinelDbFaults,
  ...sentinelDbTableFaults,
  ...sentinelDbCounterFaults,
  ...ledgerFaults,
  ...guardianFaults,
  ...oracleFaults,
  ...wardenFaults,
  ...heraldFaults,
  ...meterFaults,
  ...meterSettingsFaults,
  ...curatorFaults,
  ...pulseFaults,
  ...surveyorFaults,
  ...errorWatchFaults,
  ...architectFaults,
  ...scoutFaults,
].map(withOwnIds);
