/**
 * Leaves out brackets that do not change what a condition means: `((a OR b) OR c)` becomes `(a OR b OR c)`, and `((a))` becomes `(a)`.
 * PostgreSQL prints the former as it was written, and after a dump and a restore the latter.
 */

/** A text in brackets; `isCall`: it follows a name, as the arguments of a function do. */
interface Group {
  parts: (string | Group)[];
  isCall: boolean;
}

/** Literals must not contain brackets. Text whose brackets do not fit together stays as it is. */
export function flattenConditions(text: string): string {
  const root: Group = { parts: [], isCall: true };
  const open = [root];
  for (const piece of text.split(/([()])/)) {
    const inner = open.at(-1)!;
    if (piece === '(') {
      const before = inner.parts.at(-1);
      const isCall = typeof before === 'string' && /[\w"]$/.test(before);
      const group: Group = { parts: [], isCall };
      inner.parts.push(group);
      open.push(group);
    } else if (piece === ')') {
      open.pop();
      if (open.length === 0) return text;
    } else if (piece !== '') inner.parts.push(piece);
  }
  return open.length === 1 ? root.parts.map(written).join('') : text;
}

const written = (part: string | Group): string =>
  typeof part === 'string' ? part : `(${conditionOf(part).text})`;

/** The text in the brackets; `joint`: the one word that joins all of its conditions. */
function conditionOf({ parts }: Group): { text: string; joint: string | null } {
  const [only, ...others] = parts;
  if (others.length === 0 && typeof only === 'object' && !only.isCall) return conditionOf(only);
  const joints = new Set(
    parts.flatMap((part) => (typeof part === 'string' ? (part.match(/\b(AND|OR)\b/g) ?? []) : [])),
  );
  const joint = joints.size === 1 ? [...joints][0]! : null;
  const text = parts
    .map((part, at) => {
      if (typeof part === 'string') return part;
      const inner = conditionOf(part);
      const isWhole =
        !part.isCall && stands(parts[at - 1], joint, true) && stands(parts[at + 1], joint, false);
      return joint !== null && inner.joint === joint && isWhole ? inner.text : `(${inner.text})`;
    })
    .join('');
  return { text, joint };
}

/** Whether a condition begins after this part (`before`), or ends before it. */
function stands(part: string | Group | undefined, joint: string | null, before: boolean): boolean {
  if (part === undefined) return true;
  if (typeof part !== 'string') return false;
  return before ? part.endsWith(`${joint} `) : part.startsWith(` ${joint}`);
}
