import { printable } from '../../ground/text.ts';
import { withDatabase } from '../session/database.ts';
import { checkPattern, tryPattern, type Replay } from '../../services/knowledge/try-pattern.ts';
import { replayDocument } from './replay-document.ts';
import { tellWarnings, withWarnings } from './warnings.ts';
import { unknownNameInWords } from '../../services/references/unknown-name.ts';
import * as print from '../terminal/print.ts';
import { table } from '../terminal/table.ts';
import type { ShowOptions } from '../arguments/show-options.ts';
import { printDocument, isData } from '../listing/document.ts';

interface TestOptions extends ShowOptions {
  /** in seconds */
  since: number;
  category?: string;
}

export async function testPattern(pattern: string, options: TestOptions): Promise<void> {
  // Checked before the database is opened, so that a mistake is reported at once.
  checkPattern(pattern);
  await withDatabase(async ({ db }) => {
    const { since, category } = options;
    const { found, warnings, now } = await tryPattern(db, { pattern, since, category });
    tellWarnings(warnings);
    const warning = category && (await unknownNameInWords(db, 'category', category));
    if (warning) print.note(warning);
    if (isData(options))
      return printDocument(
        {
          issue_pattern: pattern,
          ...replayDocument(found),
          ...withWarnings(warnings),
        },
        options,
      );
    const time = print.span(since * 1000);
    tell(found, `of the last ${time}${category ? `, category ${printable(category)}` : ''}`);
    if (found.matched > 0) tellMatched(found, now);
  });
}

const cuts = {
  findings: 'these are the newest; older ones were left out',
  time: 'the time limit was reached; older ones were left out',
};

function tell({ examined, matched, fingerprints, untried, cut }: Replay, which: string): void {
  const problems = print.counted(fingerprints, 'problem');
  print.facts([
    ['Examined', `${print.counted(examined, 'finding')} ${which}`],
    ['Cut', cut && print.paint('yellow', cuts[cut])],
    ['Matched', matched === 0 ? 'none' : `${print.counted(matched, 'finding')} of ${problems}`],
    [
      'Not known',
      untried > 0
        ? `${print.counted(untried, 'finding')}: the pattern is too expensive there`
        : null,
    ],
  ]);
}

function tellMatched({ examples, wrongMatches }: Replay, now: Date): void {
  print.section('Examples, the newest');
  table(
    ['Finding', 'Severity', 'Title', 'Component', 'Category', 'Seen'],
    examples.map((finding) => [
      print.shortId(finding.id),
      print.severity(finding.severity),
      printable(finding.title),
      printable(finding.affected_component ?? '-'),
      printable(finding.category),
      print.relative(finding.last_seen_at, now),
    ]),
    '',
    ['Category', 'Component'],
  );
  print.section('Caught wrongly: cured by another entry');
  table(
    ['Knowledge', 'Findings', 'Tickets resolved with it', 'Heals that held', 'Example'],
    wrongMatches.map(({ name, findings, tickets, heals, example }) => [
      printable(name),
      ...[findings, tickets, heals].map(String),
      print.shortId(example),
    ]),
    'None is known.',
  );
}
