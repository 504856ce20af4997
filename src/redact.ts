/** Takes secrets out of text and of values, whatever they stand in. */

export const redacted = '[redacted]';

/** Parameters of a connection's address that hold a password. */
const parameters = ['password', 'sslpassword'];

/** The passwords in the address of a server; none where there is no address. */
export function passwordsIn(address: string | undefined): string[] {
  if (!address) return [];
  const { password, searchParams } = new URL(address);
  return [password, ...parameters.flatMap((name) => searchParams.getAll(name))].filter(Boolean);
}

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** As it is, as part of an address, and as text within one or two JSON documents or quoted by Node. */
function formsOf(secret: string): string[] {
  const plain = [secret, decoded(secret)];
  return plain.flatMap((each) => [
    each,
    encodeURIComponent(each),
    inJson(each),
    inJson(inJson(each)),
    each.replaceAll("'", "\\'"),
  ]);
}

/** Replaces every form of these secrets in a text. */
export function redactor(secrets: readonly string[]): (text: string) => string {
  // The longest first: one may be part of another.
  const forms = [...new Set(secrets.flatMap(formsOf))]
    .filter(Boolean)
    .toSorted((one, other) => other.length - one.length);
  return (text) => forms.reduce((left, form) => left.replaceAll(form, redacted), text);
}

/** The same in every string of a JSON value, names of properties included; numbers and structure stay. */
export function redactValue(redact: (text: string) => string, value: unknown): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map((each) => redactValue(redact, each));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [redact(name), redactValue(redact, each)]),
  );
}
