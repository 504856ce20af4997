/** How well groups agree with labels, in the two measures of the literature on log parsing. */

export interface Score {
  /** grouping accuracy (GA): the share of lines whose whole group is the labelled group */
  accuracy: number;
  /** F1 over groups (FGA): how many of the groups, and of the labels, are exactly right */
  fga: number;
}

export function score(groups: readonly string[], labels: readonly string[]): Score {
  const byGroup = linesBy(groups);
  const byLabel = linesBy(labels);
  let rightLines = 0;
  let rightGroups = 0;
  for (const lines of byGroup.values()) {
    const label = labels[lines[0]!]!;
    const isRight =
      lines.length === byLabel.get(label)!.length && lines.every((at) => labels[at] === label);
    if (!isRight) continue;
    rightLines += lines.length;
    rightGroups++;
  }
  return {
    accuracy: labels.length === 0 ? 1 : rightLines / labels.length,
    fga: labels.length === 0 ? 1 : (2 * rightGroups) / (byGroup.size + byLabel.size),
  };
}

function linesBy(names: readonly string[]): Map<string, number[]> {
  const lines = new Map<string, number[]>();
  for (const [at, name] of names.entries()) {
    const known = lines.get(name);
    if (known) known.push(at);
    else lines.set(name, [at]);
  }
  return lines;
}
