/**
 * Checks the address in ROUNDSMAN_PING_URL, which healthchecks.io or another receiver has given out. Everyone who knows
 * the address can ping it.
 */
import { problemOfAddress } from './http-address.ts';

/** The endings by which an address of healthchecks.io reports something other than success. */
const otherSignal = /\/(fail|start|log)\/*$/i;

const example = 'https://hc-ping.com/<uuid>';

/** Why the address cannot be used and what to do; null when nothing is wrong. The text repeats no part of the path. */
export function problemOfPing(address: string): { why: string; hint: string } | null {
  const problem = problemOfAddress(address);
  if (problem) return { why: problem, hint: `write it as ${example}` };
  const { pathname } = new URL(address);
  const [, signal] = otherSignal.exec(pathname) ?? [];
  if (signal)
    return {
      why: `it ends in /${signal.toLowerCase()}, which reports something else than success`,
      hint: `leave /${signal} out: Roundsman appends /fail when it reports a failure`,
    };
  return null;
}

/** The fewest characters of a key: a shorter part of a path or query is a word. */
const minKeyLength = 16;

/** The parts of the address by which others could ping it; none where there is no address. */
export function secretsInPing(address: string | undefined): string[] {
  if (!address || !URL.canParse(address)) return [];
  const { pathname, searchParams, search } = new URL(address);
  const parts = [...pathname.split('/'), ...searchParams.values()];
  const pathAndQuery = `${pathname}${search}`;
  return [address, ...[pathAndQuery, ...parts].filter(({ length }) => length >= minKeyLength)];
}
