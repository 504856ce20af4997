import { printable } from '../../ground/text.ts';
import { loadCatalogue } from '../session/catalogue.ts';
import { withDatabase } from '../session/database.ts';
import { decisionTable } from '../decisions/table.ts';
import { tooFewInWords } from './counted-events.ts';
import { methodInWords } from './resolution.ts';
import { prospectInWords } from './prospect.ts';
import {
  storedFiguresInWords,
  liftInWords,
  lowerBound,
  scopeOf,
  untouchedInWords,
} from '../knowledge/figures.ts';
import * as print from '../terminal/print.ts';
import {
  explainFinding as read,
  type FindingContext,
  type Explained,
  type Explanation,
  type FindingRow,
} from '../../services/findings/explain.ts';
import { commandToAskAgain } from '../../services/findings/gate-commands.ts';
import { explainStorm, givenStorm } from '../../services/findings/explain-storm.ts';
import { heldBackBy } from '../maintenance/words.ts';
import { isSuppressed, silencedBy, suppressedBehind } from '../silences/words.ts';
import { printStorm, stormDocument } from './explain-storm.ts';
import { table } from '../terminal/table.ts';
import type { ShowOptions } from '../arguments/show-options.ts';
import { printDocument, isData } from '../listing/document.ts';

/** `findings explain`, and `tickets explain` of a ticket's finding, or of the storm for which a ticket stands. */
export const explainFinding = (
  given: { finding: string } | { ticket: string },
  options: ShowOptions,
): Promise<void> =>
  withDatabase(async ({ db }) => {
    const storm = await givenStorm(db, given);
    if (storm) {
      const explained = await explainStorm(db, storm);
      return isData(options)
        ? printDocument(stormDocument(explained), options)
        : printStorm(explained);
    }
    const { finding, explanation, about, tooFewSince, now } = await read(
      { db, catalogue: loadCatalogue },
      given,
    );
    if (isData(options)) return printDocument(asDocument(finding, explanation, about), options);
    print.say(
      `${print.severity(finding.severity)}  ${print.paint('bold', printable(finding.title))}`,
    );
    print.say();
    print.facts([
      [
        'State',
        finding.resolved_at
          ? `${print.state('resolved')} ${print.relative(finding.resolved_at, now)}, ${methodInWords(finding.resolution_method)}`
          : print.state('open'),
      ],
      ['Component', printable(finding.affected_component ?? '-')],
      ['Category', printable(finding.category)],
      ['Counted', tooFewInWords(tooFewSince, now)],
      ['Silenced', silencedBy(finding)],
      ['Maintenance', heldBackBy(finding.bot_maintenance)],
      [isSuppressed(finding) ? 'Suppressed' : 'Behind', suppressedBehind(finding)],
      ['Ticket', finding.ticket && `T-${finding.ticket.number}`],
      [
        'Storm',
        about.storm && !finding.resolved_at
          ? `${about.storm} stands for all that is broken at its bot: \`npx roundsman tickets explain ${about.storm}\``
          : null,
      ],
    ]);
    if (!finding.resolved_at) tellCandidates(explanation, finding, { about, now });
    print.section('What was decided, the newest first');
    decisionTable(
      explanation.decisions,
      now,
      'Nothing: no run has examined it for healing yet, or no entry matched.',
    );
    tellReasons(explanation, now);
  });

/** The entries that match, in the order in which they are tried. */
function tellCandidates(
  { candidates, untried, decisions }: Explanation,
  { category }: FindingRow,
  { about, now }: { about: FindingContext; now: Date },
): void {
  print.section('What a run would do now');
  if (untried.length > 0)
    print.say(
      `Not known whether they match, because the test takes too long: ${untried.map(printable).join(', ')}`,
    );
  if (candidates.length === 0) {
    const wasSuggested = decisions.some(({ verdict }) => verdict === 'suggested');
    print.say(
      untried.length > 0
        ? 'None of the others matches.'
        : wasSuggested
          ? 'No entry matches any more; what was suggested before is listed below.'
          : 'No known entry matches.',
    );
    return print.say(
      `\`npx roundsman knowledge add NAME --category ${JSON.stringify(printable(category))} --pattern 'words of its title' --solution 'what helps'\` teaches it.`,
    );
  }
  const first = candidates.find(({ prospect }) => prospect === 'apply' || prospect === 'hold out');
  table(
    ['Knowledge', 'Autonomy', 'Held', 'Lower bound', 'Scope', 'Untouched', 'Lift', 'Last relapse'],
    candidates.map(({ candidate, figures }) => {
      const record = figures.records[figures.context];
      return [
        printable(candidate.name),
        candidate.autonomy,
        record.decided > 0 ? `${record.held} of ${record.decided}` : '-',
        lowerBound(record),
        record.decided > 0 ? scopeOf(figures) : '-',
        untouchedInWords(figures.untouched) ?? '-',
        liftInWords(figures),
        print.relative(record.lastRelapse, now),
      ];
    }),
    '',
    ['Last relapse', 'Untouched'],
  );
  print.facts(
    candidates.map((each) => [
      printable(each.candidate.name),
      prospectInWords(each, { first: first?.candidate.name, about, now }),
    ]),
  );
}

/** Why an entry was applied, or the finding left alone for one run, with the figures that were recorded with the decision. */
function tellReasons({ decisions }: Explanation, now: Date): void {
  const withFigures = decisions.filter(
    ({ verdict }) => verdict === 'applied' || verdict === 'held_out',
  );
  if (withFigures.length === 0) return;
  print.section('Why');
  for (const { verdict, decided_at, bot_knowledge, figures } of withFigures) {
    const { answer, mode, record } = (figures ?? {}) as {
      answer?: unknown;
      mode?: unknown;
      record?: unknown;
    };
    const freedom = answer === 'approved' ? 'a person approved it' : 'it may act alone here';
    const why =
      verdict === 'applied'
        ? `applied: all gates were open (mode ${printable(String(mode ?? '-'))}), and ${freedom}`
        : 'left alone for one run, to see whether it recovers by itself';
    print.say(
      `${print.relative(decided_at, now)}  ${printable(bot_knowledge?.name ?? '-')} ${why}; ${storedFiguresInWords(record)}`,
      '    ',
    );
  }
}

/** Rows with the names of their columns; for each candidate, the figures by which it is chosen. */
const asDocument = (
  finding: object,
  { candidates, untried, decisions }: Explanation,
  about: FindingContext,
) => ({
  ...finding,
  candidates: candidates.map(({ closed, ...explained }) => ({
    ...candidateDocument(explained),
    closed: closed.map((each) => ({
      ...each,
      try: commandToAskAgain(each, { ...explained, closed }, about),
    })),
  })),
  unexamined: untried,
  bot_decisions: decisions,
});

const candidateDocument = ({ candidate, figures, inputs, ...rest }: Omit<Explained, 'closed'>) => ({
  knowledge_id: candidate.id,
  name: candidate.name,
  autonomy: candidate.autonomy,
  enabled: candidate.enabled,
  solution: candidate.solution.kind,
  context: figures.context,
  record: figures.records[figures.context],
  untouched: figures.untouched,
  lift: figures.lift,
  circumstances: inputs && withoutKnownComponents(inputs),
  ...rest,
});

/** Left out is how many components are known: the next run may look at more, or fewer. */
const withoutKnownComponents = ({
  known_components: _,
  ...inputs
}: NonNullable<Explained['inputs']>) => inputs;
