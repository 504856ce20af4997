import type { Dependent } from '../../transitions/findings/suppress.ts';
import type { Recording } from './recording.ts';
import type { Run } from './run.ts';

/** What these runs found that depends on components: `$1` of `suppressFindings`. */
export const dependentFindings = (runs: { run: Run; recording: Recording }[]): Dependent[] =>
  runs.flatMap(({ run: { id, fence }, recording }) =>
    recording.findings.flatMap(({ fingerprint, depends_on }) =>
      depends_on.length > 0 ? [{ id, fence, fingerprint, depends_on }] : [],
    ),
  );
