import type { Replay } from '../../services/knowledge/try-pattern.ts';

/** The replay of a pattern with the names that it has in JSON. */
export const replayDocument = ({
  examined,
  matched,
  fingerprints,
  untried,
  cut,
  examples,
  wrongMatches,
}: Replay) => ({
  examined,
  matched,
  fingerprints,
  unexamined: untried,
  cut,
  examples,
  wrongly: wrongMatches,
});
