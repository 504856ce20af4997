/** The number of letters to change, add, remove or swap with their neighbour to get from one word to the other. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      row[j] = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(row[j]!, before[j - 2]! + 1);
    }
    [before, last] = [last, row];
  }
  return last[b.length]!;
}

/** A longer word is not a mistyped known name, and comparing it would take long. */
const longest = 100;

/** The names that a person who wrote `given` may have meant, the most likely first, three at most. */
export function nearest(given: string, names: readonly string[]): string[] {
  const wanted = given.toLowerCase();
  if (wanted.length > longest) return [];
  const allowed = Math.max(2, Math.floor(wanted.length / 3));
  return names
    .map((name) => {
      const word = name.toLowerCase();
      const contains = wanted.length >= 3 && (word.includes(wanted) || wanted.includes(word));
      return { name, far: contains ? 1 : distance(wanted, word) };
    })
    .filter(({ far }) => far <= allowed)
    .toSorted((a, b) => a.far - b.far || a.name.localeCompare(b.name))
    .slice(0, 3)
    .map(({ name }) => name);
}

/** A hint after a name that is not known: the names that may have been meant, or `otherwise` where none comes near. */
export function didYouMean(given: string, names: readonly string[], otherwise: string): string {
  const meant = nearest(given, names);
  return meant.length > 0 ? `did you mean ${meant.join(', ')}?` : otherwise;
}
