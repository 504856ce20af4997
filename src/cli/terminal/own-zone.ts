/** The operator's zone, and that TZ cannot be used as it is. */
import { UsageError } from '../../ground/errors.ts';
import { readOwnZone } from '../../ground/own-zone.ts';
import { printable } from '../../ground/text.ts';
import { note } from './print.ts';

let isTold = false;

/** Says once, on standard error, that times are not in the zone that TZ means. */
export function noteZone(): void {
  const { fault } = readOwnZone();
  if (fault === null || isTold) return;
  isTold = true;
  note(printable(`${fault.why}; ${fault.hint}`));
}

/** The zone in which a time without an offset is read. Throws UsageError where TZ names none. */
export function zoneToRead(flag: string, text: string): string {
  const { name, fault } = readOwnZone();
  if (fault?.isUnknown)
    throw new UsageError({
      what: `${flag} cannot be ${JSON.stringify(text)}`,
      why: `a time without an offset is in the zone of this process, and ${fault.why}`,
      hint: `${fault.hint}; or give the time its offset, as in ${flag} 2026-11-22T09:00Z`,
    });
  noteZone();
  return name;
}
