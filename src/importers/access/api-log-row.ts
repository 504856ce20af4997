/** Turns the texts of a request into a row of api_logs, for all formats of access logs. */
import { isIP } from 'node:net';
import { fitting, storable } from '../../ground/text.ts';
import type { ParsedLine } from '../reading/log-format.ts';

export interface ApiLogRow {
  endpoint: string;
  method: string;
  /** 0 when no answer was sent, which servers write as 000 or `-` */
  status_code: number;
  response_time_ms: number | null;
  ip_address: string | null;
  /** ms since 1970; null when the line names no time */
  created_at: number | null;
}

export interface Request {
  /** the path with its query string */
  path: string;
  /** `-` where the server could not read the request */
  method: string;
  status: number;
  ms: number | null;
  ip: string | null;
  at: number | null;
}

/** The row of a request. A path that is longer than its column is cut. */
export function apiLogRow({ path, method, status, ms, ip, at }: Request): ParsedLine<ApiLogRow> {
  const whole = storable(path);
  const endpoint = fitting(whole, 255);
  return {
    row: {
      endpoint,
      method,
      status_code: status,
      response_time_ms: ms,
      ip_address: ip,
      created_at: at,
    },
    cut: endpoint !== whole,
  };
}

/** Whether a text is a method that its column takes, such as `GET` or `M-SEARCH`. */
export const isMethod = (text: string): boolean => /^[A-Za-z][\w-]{0,9}$/.test(text);

/** The status in a text such as `200`; 0 for `000` and `-`, which mean that there is none; null for any other text. */
export const statusOf = (text: string): number | null =>
  text === '-' || text === '' ? 0 : /^\d{3}$/.test(text) ? Number(text) : null;

const url = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*(.*)$/is;
const hostAndPath = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+((?:[/?].*)?)$/is;

/** A target without the spaces around it. */
export function withoutSpaces(target: string): string {
  let [start, end] = [0, target.length];
  while (start < end && target[start] === ' ') start++;
  while (end > start && target[end - 1] === ' ') end--;
  return target.slice(start, end);
}

const withSlash = (path: string): string => (path.startsWith('/') ? path : `/${path}`);

/**
 * The path of a target that a client sends to a proxy: `https://host:443/path?query` becomes `/path?query`. Any other
 * target stays as it is, also `*` and the `host:443` of CONNECT.
 */
export function pathOfUrl(target: string): string {
  const path = url.exec(target)?.[1];
  return path === undefined ? target : withSlash(path);
}

/** The path of a field that contains a URL; here `host.example/path?query` becomes `/path?query`, too. */
export function pathOf(field: string): string {
  const target = withoutSpaces(field);
  const path = hostAndPath.exec(target)?.[1];
  return path === undefined ? pathOfUrl(target) : withSlash(path);
}

const maxInteger = 2 ** 31 - 1;

/** A duration as its column takes it, in whole ms; null for a number that is not a duration, or too large. */
export const wholeMs = (ms: number): number | null =>
  ms >= 0 && ms <= maxInteger ? Math.round(ms) : null;

/**
 * The address in `192.0.2.1`, `192.0.2.1:443`, `[2001:db8::1]`, `[2001:db8::1]:443` or `fe80::1%eth0`, which
 * PostgreSQL takes without its zone; null for any other text.
 */
export function ipOf(text: string): string | null {
  if (isIP(text) && !text.includes('%')) return text;
  const [, bracketed, bare] =
    /^(?:\[([^\]]*)\](?::\d{1,5})?|([^[\]%:]+)(?::\d{1,5})?)$/.exec(text) ?? [];
  const [address] = (bracketed ?? bare ?? text).split('%', 1);
  return isIP(address!) ? address! : null;
}
