/** Which gates a change of an entry opens or closes, and what its pattern would have matched. */
import { readSolution } from '../../../catalogue/solution.ts';
import { readSetting } from '../../../data/settings/rows.ts';
import { counted } from '../../../ground/text.ts';
import { closedByPeople } from '../../../heal/gate.ts';
import type { Candidate } from '../../../heal/match.ts';
import { replay } from '../../knowledge/replay.ts';
import type { Values } from '../kinds/kind.ts';
import { days, type Looking } from './looking.ts';

/** The gates of what people decide that open or close for a finding that no person has decided about. */
export async function gatesInWords(
  { db, catalogue }: Looking,
  before: Values | null,
  after: Values | null,
): Promise<string[]> {
  const stored = (await readSetting(db, 'mode'))?.value;
  const mode = typeof stored === 'string' ? stored : null;
  const gateOf = (values: Values | null): string | null => {
    if (values === null) return 'disabled';
    const candidate = {
      autonomy: values.autonomy,
      enabled: values.enabled !== false,
      solution: readSolution(String(values.solution), catalogue),
    } as unknown as Candidate;
    if (candidate.enabled && candidate.solution.kind === 'prose') return 'advice';
    const decided = { mode, silenced: false, maintained: false, answer: null, undone: false };
    return closedByPeople(decided as never, candidate);
  };
  const [was, is] = [before === null ? 'new' : gateOf(before), gateOf(after)];
  if (was === is || is === 'advice') return [];
  if (is === null) return ['no gate of what people decide is closed: it acts alone'];
  const opened =
    was !== null && was !== 'new' && was !== 'advice' ? `the gate ${was} opens, and ` : '';
  return [
    `${opened}the gate ${is} ${was === 'new' ? 'is closed' : 'closes'}: it does not act alone`,
  ];
}

/** What the pattern would have matched, and which of that other entries cured. */
export async function matchesInWords({ db, isOver }: Looking, pattern: string): Promise<string[]> {
  const found = await replay(db, pattern, { since: days * 86_400 }, isOver);
  const { examined, matched, fingerprints, wrongMatches, cut } = found;
  const others = wrongMatches.slice(0, 3).map(({ name, findings }) => `${name} (${findings})`);
  return [
    `in the last ${days} days it would have matched ${matched} of ${counted(examined, 'finding')}, of ${counted(fingerprints, 'problem')}${cut === null ? '' : '; older findings were not read'}`,
    ...(others.length > 0 ? [`of these, other entries cured some: ${others.join(', ')}`] : []),
  ];
}
