/** Why a connection failed, in words that follow the name of the server and do not repeat it. */

/** The message of an error, with its code before it unless the message contains the code. */
export function faultInWords(error: unknown): string {
  const { code, message: whole } = error as { code?: string; message?: string };
  // Node's advice names a flag of its own, which a user of this program has no place for.
  const message = whole?.replace(
    /; if the root CA is installed locally, try running Node\.js with --use-system-ca$/,
    '',
  );
  const said = message && code && message.includes(code) ? [message] : [code, message];
  return said.filter(Boolean).join(': ') || String(error);
}

/**
 * Cuts the server's own name off the end of a message: for the server `127.0.0.1:9`, `connect ECONNREFUSED 127.0.0.1:9` becomes
 * `connect ECONNREFUSED`. An address to which the name led stays.
 */
export function withoutPlace(text: string, host: string, port?: number | string): string {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  const places = [`${bare}:${port}`, `[${bare}]:${port}`, bare];
  const place = places.find((each) => text.endsWith(` ${each}`));
  return place === undefined ? text : text.slice(0, -place.length - 1);
}
