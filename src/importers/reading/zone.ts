/** Reads time zones as logs and people write them. */
import { clockOf, firstShowing, lastShowing, zoneName } from '../../ground/wall-clock.ts';

/** A time zone. A wall time is given as the ms since 1970 that it would be in UTC. */
export interface Zone {
  /** The instant of a wall time, in ms since 1970; the first of two where clocks show this time twice. */
  (wall: number): number;
  /** The second instant of the same wall time, from the first one; undefined if clocks are never set back. */
  second?: (first: number) => number;
  /**
   * Only in a zone that remembers the lines before. `alone` is the same zone without this memory; `follow` chooses between
   * the two instants of a wall time, from the first one, and remembers the result.
   */
  memory?: { alone: Zone; follow: (first: number) => number };
}

export const utc: Zone = (wall) => wall;

const fixedZone =
  (ms: number): Zone =>
  (wall) =>
    wall - ms;

/** The source of a pattern for an offset from UTC. */
export const offsetPattern = '[+-](?:0\\d|1[0-5])(?::?[0-5]\\d)?';

/** The ms east of UTC of an offset such as `+02:00`, `-0800` or `+03`. */
function offsetOf(text: string): number {
  const digits = text.replaceAll(/\D/g, '').padEnd(4, '0');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return minutes * (text.startsWith('-') ? -60_000 : 60_000);
}

/** Abbreviations with one meaning, the same as in PostgreSQL. Each line has the hours east of UTC, then the names. */
const abbreviations = new Map(
  [
    '0: Z UTC GMT UCT UT WET',
    '1: WEST BST CET MET WAT',
    '2: CEST MEST EET SAST CAT',
    '3: EEST MSK EAT',
    '5: PKT',
    '7: WIB',
    '8: WITA HKT AWST',
    '9: WIT JST KST',
    '9.5: ACST',
    '10: AEST',
    '10.5: ACDT',
    '11: AEDT',
    '12: NZST',
    '13: NZDT',
    '-2.5: NDT',
    '-3: ADT',
    '-3.5: NST',
    '-4: AST EDT',
    '-5: EST CDT',
    '-6: MDT',
    '-7: MST PDT',
    '-8: AKDT',
    '-9: AKST',
    '-10: HST',
  ].flatMap((line) => {
    const [hours, names] = line.split(': ');
    return names!.split(' ').map((name): [string, number] => [name, Number(hours)]);
  }),
);

/** Abbreviations that mean different zones in different countries: only the owner of a log knows which zone it is. */
const ambiguous = new Set(['CST', 'IST', 'PST']);

/** The source of a pattern for the zone after a time. Longer names come first, because they may begin with shorter ones. */
export const zonePattern = `(?:GMT|UTC)${offsetPattern}(?!\\d)|(?:${[
  ...abbreviations.keys(),
  ...ambiguous,
]
  .toSorted((a, b) => b.length - a.length)
  .join('|')})(?![A-Za-z])|${offsetPattern}(?!\\d)`;

const zones = new Map<string, Zone | null>();

/** The zone of an offset, of an abbreviation with one meaning, or of an IANA name; null for any other text. */
export function zoneOf(text: string): Zone | null {
  const known = zones.get(text);
  if (known !== undefined) return known;
  const zone = readZone(text);
  // Names come from logs, and a log with another text in each line must not fill the memory.
  if (zones.size < 1_000) zones.set(text, zone);
  return zone;
}

const offset = new RegExp(`^${offsetPattern}$`);

function readZone(given: string): Zone | null {
  const text = given.replace(/^(?:GMT|UTC)(?=[+-])/i, '');
  if (offset.test(text)) return fixedZone(offsetOf(text));
  const hours = abbreviations.get(text.toUpperCase());
  if (hours !== undefined) return hours === 0 ? utc : fixedZone(hours * 3_600_000);
  const name = ambiguous.has(text.toUpperCase()) ? null : zoneName(text);
  if (name === null) return null;
  const clock = clockOf(name);
  const zone: Zone = (wall) => firstShowing(clock, wall);
  zone.second = (first) => lastShowing(clock, first + clock.stretchAt(first).offset);
  return zone;
}

/** How much earlier than the line before a line may be. */
const disorderMs = 2 * 60_000;

/**
 * The zone for the lines of one log. Of a wall time that clocks show twice, it chooses the second instant as soon as the
 * first one would be earlier than the line before. In a log with the newest line first, it chooses the first instant as
 * soon as the second one would be later than the line before.
 */
export function followingZone(given: Zone): Zone {
  const zone = given.memory?.alone ?? given;
  const { second } = zone;
  if (second === undefined) return zone;
  let before: number | null = null;
  /** How many lines were later than the line before, minus how many were earlier; below 0, the newest line is first. */
  let rises = 0;
  const follow = (first: number): number => {
    let at = first;
    if (before !== null) {
      if (rises < 0) {
        const later = second(first);
        if (later <= before + disorderMs) at = later;
      } else if (first < before - disorderMs) at = second(first);
      rises += Math.sign(at - before);
    }
    return (before = at);
  };
  const next: Zone = (wall) => follow(zone(wall));
  next.memory = { alone: zone, follow };
  return next;
}
