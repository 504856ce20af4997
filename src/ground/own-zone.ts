/** The zone of this process: that of TZ, else the system's. */
import { zoneName } from './wall-clock.ts';

export interface OwnZone {
  /** as `Intl` knows it; an offset where TZ has one; UTC where TZ cannot be used */
  name: string;
  /** null where TZ is used as it was meant */
  fault: null | {
    /** TZ names no zone that Node knows; false: TZ has a meaning, and Node does not follow it */
    isUnknown: boolean;
    why: string;
    hint: string;
  };
}

/** `CET-1CEST,M3.5.0,M10.5.0/3`: a name, an offset west of Greenwich, and what belongs to summer time. */
const posix = /^(?:[a-z]{3,}|<[+\-\w]{3,}>)([+-]?)(\d{1,2})(?::(\d\d))?(?::(\d\d))?(.*)$/i;

export function readOwnZone(tz: string | undefined = process.env.TZ): OwnZone {
  const known = new Intl.DateTimeFormat().resolvedOptions().timeZone as string | undefined;
  if (tz === undefined) return { name: known ?? 'UTC', fault: null };
  if (tz === '') return { name: 'UTC', fault: null };
  // A colon before a zone is optional.
  const text = tz.replace(/^:/, '');
  const rule = posix.exec(text);
  // Node knows EST5EDT and the like by their names, with their summer time.
  if (rule && zoneName(text) === null) return byRule(text, rule);
  if (known !== undefined) return { name: known, fault: null };
  const named = zoneName(text.replace(/^.*zoneinfo\//, ''));
  return {
    name: 'UTC',
    fault: {
      isUnknown: true,
      why: `TZ is ${JSON.stringify(tz)}, which is no zone that Node knows: times are shown in UTC`,
      hint: named
        ? `set TZ=${named}`
        : 'set TZ to a zone, as in TZ=Europe/Berlin, or unset it: then the zone of the system holds',
    },
  };
}

/** A rule of POSIX: Node follows the offset of most of them, and the summer time of none. */
function byRule(text: string, [, sign, hours, minutes = '0', , summer]: RegExpExecArray): OwnZone {
  const west = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1);
  const isFollowed =
    summer === '' && [0, 6].every((month) => new Date(2026, month).getTimezoneOffset() === west);
  if (isFollowed) return { name: offsetName(-west), fault: null };
  return {
    name: offsetName(-new Date(2026, 0).getTimezoneOffset()),
    fault: {
      isUnknown: false,
      why: `TZ is ${JSON.stringify(text)}, ${summer ? 'a rule with summer time, ' : ''}which Node takes for ${offsetName(-new Date(2026, 0).getTimezoneOffset())}: times are read and shown in that`,
      hint: 'name the zone, as in TZ=Europe/Berlin',
    },
  };
}

/** `+05:30`; UTC where there is none */
const offsetName = (east: number): string => (east === 0 ? 'UTC' : clockOffset(east));

/** `+05:30`, of minutes east of Greenwich */
export function clockOffset(east: number): string {
  const two = (count: number) => String(Math.floor(count)).padStart(2, '0');
  return `${east < 0 ? '-' : '+'}${two(Math.abs(east) / 60)}:${two(Math.abs(east) % 60)}`;
}
