/** The number of letters to change, add, remove or swap with their neighbour to get from one word to the other. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = a[i - 1] === b[j - 1] ? 0 : 1;
      row[j] = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + substitution);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(row[j]!, before[j - 2]! + 1);
    }
    [before, last] = [last, row];
  }
  return last[b.length]!;
}

/** The most characters of a word that is compared: a longer one is not a mistyped name, and comparing it would take long. */
const maxCharacters = 100;

/** The names that a person who wrote `given` may have meant, the most likely first, three at most. */
export function nearest(given: string, names: readonly string[]): string[] {
  const written = given.toLowerCase();
  if (written.length > maxCharacters) return [];
  // Two different letters in a word of four are not a typing mistake.
  const maxDistance = written.length <= 4 ? 1 : Math.max(2, Math.floor(written.length / 3));
  return names
    .map((name) => {
      const word = name.toLowerCase();
      const contains = written.length >= 3 && (word.includes(written) || written.includes(word));
      return { name, distance: contains ? 1 : distance(written, word) };
    })
    .filter((each) => each.distance <= maxDistance)
    .toSorted((a, b) => a.distance - b.distance || a.name.localeCompare(b.name))
    .slice(0, 3)
    .map(({ name }) => name);
}

/**
 * The name of which `given` is probably a misspelling: at most one letter in six is wrong, missing, added or swapped with its
 * neighbour. Stricter than {@link nearest}, for places where a name of another program may stand, such as `MY_DATABASE_URL`.
 */
export const mistyped = (given: string, names: readonly string[]): string | undefined =>
  names.find((name) => {
    const most = Math.floor(name.length / 6);
    // The lengths are compared first, because comparing letters takes long, and every command compares each variable of its
    // environment.
    return (
      given.length <= maxCharacters &&
      Math.abs(given.length - name.length) <= most &&
      !given.startsWith(name) &&
      !given.endsWith(name) &&
      distance(given, name) <= most
    );
  });

/** `did you mean a?`, `did you mean a or b?`, `did you mean a, b or c?` of one name or several. */
export function askedIfMeant(names: readonly string[]): string {
  const before = names.slice(0, -1).join(', ');
  return `did you mean ${before ? `${before} or ` : ''}${names.at(-1)}?`;
}

/** The hint after an unknown name: the names that a person may have meant, or `otherwise` where none is similar. */
export function didYouMean(given: string, names: readonly string[], otherwise: string): string {
  const meant = nearest(given, names);
  return meant.length > 0 ? askedIfMeant(meant) : otherwise;
}
