/** `tickets explain` of a storm's ticket. */
import { printable } from '../../ground/text.ts';
import type { ExplainedStorm } from '../../services/findings/explain-storm.ts';
import * as print from '../terminal/print.ts';
import { table } from '../terminal/table.ts';

export function printStorm(explained: ExplainedStorm): void {
  const { ticket, bot, storm, closed, run, findings, count, now } = explained;
  const { number, severity, title, status, resolved_at } = ticket;
  print.say(
    `${print.paint('bold', `T-${number}`)}  ${print.severity(severity)}  ${print.paint('bold', printable(title))}`,
  );
  print.say();
  print.facts([
    ['Status', print.state(status)],
    ['Resolved', print.moment(resolved_at, now)],
    ['Bot', printable(bot)],
    ['Broken', `${print.counted(storm.broken_components, 'component')} now`],
    ['A storm', limitsInWords(storm)],
  ]);
  if (resolved_at) return print.say('\nThe ticket has ended: each finding is explained by itself.');
  print.section('What a run would do now');
  print.say(
    closed
      ? `No heal begins, whatever fits: gate storm: ${printable(closed)}; it opens when fewer are broken; \`${printable(run)}\` asks again`
      : `The storm is over by what is broken now: the end of the bot's next run resolves the ticket; \`${printable(run)}\``,
  );
  print.section(`Stands for ${print.counted(count, 'open finding')}`);
  table(
    ['Finding', 'Severity', 'Title', 'Component'],
    findings.map((finding) => [
      print.shortId(finding.id),
      print.severity(finding.severity),
      printable(finding.title),
      printable(finding.affected_component ?? '-'),
    ]),
    'None is left.',
    ['Component'],
  );
  if (count > findings.length) print.say(`and ${count - findings.length} more`);
  const [first] = findings;
  if (first)
    print.say(
      `\nWhat is known of one of them: \`npx roundsman findings explain ${print.shortId(first.id)}\``,
    );
}

/** Above which limits it is a storm: `is at least 5 components, and a share of more than .50 of those that a run looks at` */
function limitsInWords({ storm_components, storm_share }: ExplainedStorm['storm']): string {
  if (storm_components === null || storm_share === null)
    return 'its limits are not set, so that nothing is healed: `npx roundsman limits` sets them';
  return `is at least ${print.counted(storm_components, 'component')}, and a share of more than ${storm_share} of those that a run looks at: \`npx roundsman limits\``;
}

/** The ticket's row, with the gate that the storm closes and the findings for which it stands. */
export const stormDocument = ({ ticket, storm, closed, run, findings }: ExplainedStorm) => ({
  ...ticket,
  broken_components: storm.broken_components,
  storm_components: storm.storm_components,
  storm_share: storm.storm_share,
  closed: closed ? [{ gate: 'storm', waits_for: 'recovery', opens_at: null, try: run }] : [],
  storm_findings: findings,
});
