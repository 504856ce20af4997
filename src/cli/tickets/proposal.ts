import { printable } from '../../ground/text.ts';
import { replayedDays, type Proposal } from '../../services/tickets/learn.ts';
import { replayDocument } from '../knowledge/replay-document.ts';
import { counted, facts, say, section, shortId } from '../terminal/print.ts';
import { table } from '../terminal/table.ts';

/** The proposal with the names that it has in JSON. */
export const proposalDocument = (proposal: Proposal) => ({
  ...proposal,
  replay: replayDocument(proposal.replay),
});

/** Shows what would be learnt, before a person agrees to it. */
export function showProposal({ name, category, issue_pattern, solution, replay }: Proposal): void {
  const { examined, matched, fingerprints, examples, wrongMatches, cut } = replay;
  section('To be learnt, in shadow');
  facts([
    ['Name', printable(name)],
    ['Category', printable(category)],
    ['Pattern', printable(issue_pattern)],
    ['Solution', printable(solution)],
    [
      'Would have matched',
      `${matched} of ${counted(examined, 'finding')} of the last ${replayedDays} days, ${counted(fingerprints, 'problem')}${cut ? '; older ones were left out' : ''}`,
    ],
    [
      'Wrongly',
      wrongMatches.length === 0
        ? 'none that are known'
        : wrongMatches
            .map(
              (each) => `${counted(each.findings, 'finding')} that ${printable(each.name)} cured`,
            )
            .join(', '),
    ],
  ]);
  if (examples.length === 0) return;
  table(
    ['Finding', 'Title', 'Component'],
    examples.map((finding) => [
      shortId(finding.id),
      printable(finding.title),
      printable(finding.affected_component ?? '-'),
    ]),
    '',
    ['Component'],
  );
  say();
}
