/** Lines in the form of real logs with the event of each, by chance that is the same each time: for where no data is. */
import { Chance } from '../../../src/demo/chance.ts';
import type { DataSet } from './data-sets.ts';

type Event = (chance: Chance) => string;

const people = ['root', 'alice', 'bob', 'carol', 'dave', 'erin', 'mallory', 'www-data'];
const ip = (c: Chance) => Array.from({ length: 4 }, () => c.between(1, 254)).join('.');
const path = (c: Chance) => `/srv/${c.hex(6)}/${c.pick(['cart', 'user', 'order'])}.ts`;
const clock = (c: Chance) => `${c.between(10, 23)}:${c.between(10, 59)}:${c.between(10, 59)}`;

const sets: Record<string, readonly Event[]> = {
  service: [
    (c) => `Request ${c.uuid()} failed with status ${c.pick([500, 502, 503])}`,
    (c) => `Payment of order ${c.between(1, 99_999)} was declined by the bank`,
    (c) => `connect ECONNREFUSED ${ip(c)}:${c.between(1_024, 65_535)}`,
    (c) =>
      `${ip(c)} "GET ${path(c)}?page=${c.between(1, 9)} HTTP/1.1" status: ${c.between(200, 599)}`,
    (c) => `${ip(c)} "POST ${path(c)} HTTP/1.1" status: ${c.between(200, 599)}`,
    (c) => `Cannot read properties of undefined (reading '${c.pick(people)}')`,
    (c) => `ENOENT: no such file or directory, open '${path(c)}'`,
    (c) => `Query took ${c.between(100, 9_000)} ms, limit is 500 ms`,
  ],
  system: [
    (c) => `session opened for user ${c.pick(people)} by (uid=${c.between(0, 999)})`,
    (c) => `session closed for user ${c.pick(people)}`,
    (c) =>
      `connection from ${ip(c)} (${c.pick(['', 'host.example.net'])}) at Jul ${c.between(1, 31)} ${clock(c)} 2026`,
    (c) => `eth${c.between(0, 3)}: link ${c.pick(['is up'])} at ${c.between(10, 1000)} Mbps`,
    () => 'instruction cache parity error corrected',
    () => 'data cache parity error corrected',
    (c) => `machine check interrupt at 0x${c.hex(8)}..............${c.between(0, 1)}`,
  ],
  cluster: [
    (c) => `Received block blk_${c.between(1e6, 9e6)} of size ${c.between(1, 1e6)} from /${ip(c)}`,
    (c) =>
      `Deleting block blk_${c.between(1e6, 9e6)} file /data/${c.hex(4)}/blk_${c.between(1e6, 9e6)}`,
    (c) => `Progress of attempt_${c.between(1e6, 9e6)}_m_${c.between(0, 9)} is : ${c.next()}`,
    (c) =>
      `Closed socket connection for client /${ip(c)}:${c.between(1_024, 9_999)} which had sessionid 0x${c.hex(12)}`,
    (c) =>
      `Closed socket connection for client /${ip(c)}:${c.between(1_024, 9_999)} (no session established for client)`,
    (c) =>
      `Stored ${c.between(1, 900)} ${c.pick(['KB', 'MB'])} of stage ${c.between(1, 9)} (estimated ${c.between(1, 90)} GB)`,
    (c) => `[instance: ${c.uuid()}] VM Started (Lifecycle Event)`,
    (c) => `[instance: ${c.uuid()}] VM Stopped (Lifecycle Event)`,
  ],
};

export function madeSets(lines: number): DataSet[] {
  return Object.entries(sets).map(([name, events], at) => {
    const chance = new Chance(at + 1);
    const chosen = Array.from({ length: lines }, () => chance.between(0, events.length - 1));
    return {
      name: `made-${name}`,
      messages: chosen.map((event) => events[event]!(chance)),
      events: chosen.map((event) => `E${event}`),
    };
  });
}
