/** What announces the value that follows: `name=`, `"name":`, or a noun as in `entry 'x'`. */
import { equals, kindOf, quote } from './characters.ts';
import type { Line } from './line.ts';
import { tellingKeys, valueNouns } from './words.ts';

const space = 0x20;
const colon = 0x3a;

/** `telling`: what begins at `start` says what happened, as behind `msg=`. `plain`: it is a value, whatever it says. */
export function keyBefore(line: Line, start: number): 'none' | 'plain' | 'telling' {
  const { message } = line;
  let at = start - 1;
  if (at < 0 || line.count === 0) return 'none';
  const isAssigned = kindOf(message.charCodeAt(at)) === equals;
  if (!isAssigned) while (at > 0 && message.charCodeAt(at) === space) at--;
  const isQuoted = message.charCodeAt(at) === colon && kindOf(message.charCodeAt(at - 1)) === quote;
  const key = line.count - 1;
  const [from, to] = [line.starts[key]!, line.ends[key]!];
  const isBehindKey = from !== -1 && to === (isAssigned ? at : isQuoted ? at - 1 : at + 1);
  if (!isBehindKey) return isAssigned ? 'plain' : 'none';
  const hash = line.hashes[key]!;
  if (isAssigned || isQuoted)
    return tellingKeys.hasHashed(hash, message, from, to) ? 'telling' : 'plain';
  return valueNouns.hasHashed(hash, message, from, to) ? 'plain' : 'none';
}
