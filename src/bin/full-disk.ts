/** Tells the terminal of `up` that a disk is full: the log cannot, because its lines may be lost for the same reason. */
import { statfsSync } from 'node:fs';
import { explainFault, isFullDisk } from '../database/faults/explain-fault.ts';
import type { Subscriber } from '../events/events.ts';
import { messageOf } from '../ground/errors.ts';
import type { LineWatch } from '../ground/files/log-file.ts';
import { printable } from '../ground/text.ts';

const examineEveryMs = 2_000;

/** Events after which the database takes writes again: heartbeat and ticks write all the time. */
const recoveryEvents = new Set(['tick.works_again', 'timer.works_again', 'postgres.started_again']);

const goesOn =
  'make room there, and everything goes on by itself; runs that cannot be recorded are run again';

/** Whether the disk of this directory has no free block; false where the system does not say. */
function hasNoRoom(directory: string): boolean {
  try {
    return statfsSync(directory).bavail === 0;
  } catch {
    return false;
  }
}

export interface FullDiskTeller {
  /** subscribes to the events of the engine: the full disk may be that of a database elsewhere */
  ofEvents: Subscriber;
  ofLog: LineWatch;
  stop(): void;
}

/**
 * Says once that a disk is full, and once that it has room again. It knows two disks: the one of `home`, which it examines
 * itself, and the one of the database, about which events report.
 */
export function tellOfFullDisk(home: string, say: (line: string) => void): FullDiskTeller {
  let isHomeFull = false;
  let toldOfDatabase = false;
  const timer = setInterval(() => {
    if (hasNoRoom(home) === isHomeFull) return;
    isHomeFull = !isHomeFull;
    say(
      isHomeFull
        ? `The disk of ${printable(home)} is full: what is written there may fail (${goesOn}).`
        : `The disk of ${printable(home)} has room again.`,
    );
  }, examineEveryMs);
  timer.unref();
  return {
    ofEvents({ name, facts }) {
      const { err } = facts as { err?: unknown };
      if (toldOfDatabase && recoveryEvents.has(name)) {
        toldOfDatabase = false;
        say('The database takes writes again.');
      } else if (!toldOfDatabase && isFullDisk(err)) {
        toldOfDatabase = true;
        const { what, why } = explainFault(err) ?? { what: 'a disk is full', why: messageOf(err) };
        say(`Not working: ${what} (${printable(why)}); ${goesOn}.`);
      }
    },
    ofLog: {
      lost: (error) => say(`The log loses lines: ${printable(messageOf(error))}`),
      written: () => say('The log is written again.'),
    },
    stop: () => clearInterval(timer),
  };
}
