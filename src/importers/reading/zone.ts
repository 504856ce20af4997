/** Time zones as logs and people write them. */
import { clockOf, firstShowing, lastShowing, zoneName } from '../../ground/wall-clock.ts';

/** A wall time, as the ms since 1970 that it would be in UTC -> ms since 1970. */
export interface Zone {
  /** Where clocks show a time twice, the first one. */
  (wall: number): number;
  /** Where clocks show a time twice, from the first one to the second; undefined where clocks are never set back. */
  second?: (first: number) => number;
  /** Of a zone that remembers: the same without a memory, and from what that says to what follows the line before. */
  memory?: { alone: Zone; follow: (first: number) => number };
}

export const utc: Zone = (wall) => wall;

const fixed =
  (ms: number): Zone =>
  (wall) =>
    wall - ms;

/** An offset from UTC: a part for other expressions. */
export const offsetPattern = '[+-](?:0\\d|1[0-5])(?::?[0-5]\\d)?';

/** `+02:00`, `-0800` or `+03` -> ms east of UTC. */
function offsetOf(text: string): number {
  const digits = text.replaceAll(/\D/g, '').padEnd(4, '0');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return minutes * (text.startsWith('-') ? -60_000 : 60_000);
}

/** As PostgreSQL knows these names: `hours east of UTC: names`. */
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

/** Each of them is in use in several countries, hours apart: only the log's owner knows which one is meant. */
const ambiguous = new Set(['CST', 'IST', 'PST']);

/** The zone that may follow a time: a part for other expressions. Longer names stand before their beginnings. */
export const zonePattern = `(?:GMT|UTC)${offsetPattern}(?!\\d)|(?:${[
  ...abbreviations.keys(),
  ...ambiguous,
]
  .toSorted((a, b) => b.length - a.length)
  .join('|')})(?![A-Za-z])|${offsetPattern}(?!\\d)`;

const zones = new Map<string, Zone | null>();

/** An offset, an abbreviation with one meaning or an IANA name -> the zone; null for any other text. */
export function zoneOf(text: string): Zone | null {
  const known = zones.get(text);
  if (known !== undefined) return known;
  const zone = read(text);
  // Names come from logs: another text in each line must not fill the memory.
  if (zones.size < 1_000) zones.set(text, zone);
  return zone;
}

const offset = new RegExp(`^${offsetPattern}$`);

function read(given: string): Zone | null {
  const text = given.replace(/^(?:GMT|UTC)(?=[+-])/i, '');
  if (offset.test(text)) return fixed(offsetOf(text));
  const hours = abbreviations.get(text.toUpperCase());
  if (hours !== undefined) return hours === 0 ? utc : fixed(hours * 3_600_000);
  const name = ambiguous.has(text.toUpperCase()) ? null : zoneName(text);
  if (name === null) return null;
  const clock = clockOf(name);
  const zone: Zone = (wall) => firstShowing(clock, wall);
  zone.second = (first) => lastShowing(clock, first + clock.stretchAt(first).offset);
  return zone;
}

/** Lines are not quite in order. */
const disorderMs = 2 * 60_000;

/**
 * The zone for the lines of one log: of a time that clocks show twice it is the second one as soon as the first one
 * would go back behind the line before; in a log with the newest line first, the other way round.
 */
export function following(given: Zone): Zone {
  const zone = given.memory?.alone ?? given;
  const { second } = zone;
  if (second === undefined) return zone;
  let before: number | null = null;
  /** How many more times the log went on than back. */
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
