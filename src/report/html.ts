/**
 * A report as one file of HTML: no script, no resource from elsewhere, and a content security policy that forbids both. It is
 * light or dark as the reader's system is (`style.ts`). A table below the plots has the same figures.
 */
import { counted } from '../ground/text.ts';
import { escaped, withCommands } from './markup.ts';
import { comparisonOf } from './comparison.ts';
import { pickBots, pickGaps } from './pick.ts';
import { asSvg, labelsOf, legend, patterns, type Plot } from './plot.ts';
import { figureNames, type Period, type Report } from './report.ts';
import { style } from './style.ts';
import { factsOf } from './facts.ts';
import * as words from './words.ts';

const maxBots = 200;
const maxGaps = 200;

/** Numbers stand to the right and in one line; facts are sentences. */
type Kind = 'figures' | 'facts';

const table = (
  kind: Kind,
  caption: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string =>
  `<div class="wide" role="region" aria-label="${escaped(caption)}" tabindex="0"><table class="${kind}"><caption><span>${escaped(caption)}</span></caption>
<thead><tr>${head.map((cell) => `<th scope="col">${escaped(cell)}</th>`).join('')}</tr></thead>
<tbody>
${rows
  .map(
    ([first = '', ...cells]) =>
      `<tr><th scope="row">${escaped(first)}</th>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`,
  )
  .join('\n')}
</tbody></table></div>`;

const list = (tag: 'ol' | 'ul', items: readonly string[]): string =>
  `<${tag}>\n${items.map((item) => `<li>${item}</li>`).join('\n')}\n</${tag}>`;

const part = (title: string, ...content: string[]): string => {
  const filled = content.filter((each) => each !== '');
  return filled.length === 0 ? '' : `<h2>${escaped(title)}</h2>\n${filled.join('\n')}`;
};

/** The whole file. `notes` are lines below the headline. */
export function asHtml(report: Report, notes: readonly string[] = []): string {
  const bots = pickBots(report, maxBots);
  const gaps = pickGaps(report, maxGaps);
  const { needs, tickets } = report;
  const unknown = words.unknownBots(report);
  const title = `Roundsman: ${words.subjectInWords(report)}`;
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    '<meta name="viewport" content="width=device-width">',
    '<meta name="referrer" content="no-referrer">',
    `<title>${escaped(title)}</title>`,
    `<style>${style}</style>`,
    '</head>',
    '<body>',
    `<h1>${escaped(words.headline(report))}</h1>`,
    ...notes.map((note) => `<p>${escaped(note)}</p>`),
    `<p class="verdict">${escaped(words.proofInWords(report))} ${escaped(words.needsInWords(report))}</p>`,
    needs.length === 0
      ? ''
      : part(
          'What to do first',
          list(
            'ol',
            needs.map((need) => `${escaped(need.what)}: ${withCommands(need.try)}`),
          ),
        ),
    gaps.shown.length === 0
      ? ''
      : part(
          'Slots that were not run',
          list(
            'ul',
            gaps.shown.map((gap) => `${escaped(gap.bot)}: ${escaped(words.gapInWords(gap))}`),
          ),
          more(gaps.others, 'more gap'),
        ),
    unknown.length === 0
      ? ''
      : part(
          'Not known',
          list(
            'ul',
            unknown.map(({ bot, why }) => `${escaped(bot)}: ${escaped(why)}`),
          ),
        ),
    bots.shown.length === 0
      ? ''
      : part(
          'Bots',
          table('figures', 'Slots by bot', words.botColumns, bots.shown.map(words.botCells)),
          more(bots.others, 'more bot'),
        ),
    part(
      'Found, healed and told',
      table('facts', 'In the period, and now', ['What', 'How many'], factsOf(report)),
    ),
    tickets.bot_tickets.length === 0
      ? ''
      : part(
          'Worst tickets',
          list(
            'ul',
            tickets.bot_tickets.map((ticket) => escaped(words.ticketInWords(ticket))),
          ),
        ),
    part('Beside earlier periods', ...comparison(report)),
    '</body>',
    '</html>',
  ]
    .filter((line) => line !== '')
    .join('\n');
}

const more = (others: number, noun: string): string =>
  others > 0 ? `<p>and ${counted(others, noun)}</p>` : '';

function comparison(report: Report): string[] {
  const beside = comparisonOf(report);
  if (beside === null) return ['<p>There is no earlier period yet.</p>'];
  const { periods } = report;
  const labels = labelsOf(periods);
  const plots = plotsOf(periods);
  return [
    patterns,
    `<div class="plots">${plots
      .map(
        (plot) =>
          `<figure><figcaption>${escaped(plot.title)}</figcaption>${asSvg(plot, labels)}${legend(plot)}</figure>`,
      )
      .join('\n')}</div>`,
    table(
      'figures',
      'The same in figures, by the end of each period',
      ['', ...labels],
      figureNames.map(([name, label]) => [
        label,
        ...periods.map((each) => words.formatNumber(each[name])),
      ]),
    ),
    table('figures', 'This period and those before', beside.head, beside.rows),
  ];
}

const plotsOf = (periods: readonly Period[]): Plot[] => {
  const of = (value: (period: Period) => number) => periods.map(value);
  return [
    {
      id: 'slots',
      title: 'Slots',
      series: [
        {
          label: 'ran with success',
          pattern: 'solid',
          values: of(({ ran, failed }) => ran - failed),
        },
        { label: 'failed or timed out', pattern: 'lines', values: of(({ failed }) => failed) },
        { label: 'skipped', pattern: 'dots', values: of(({ skipped }) => skipped) },
        { label: 'missing', pattern: 'empty', values: of(({ missing }) => missing) },
      ],
    },
    {
      id: 'findings',
      title: 'Findings found',
      series: [{ label: 'found', pattern: 'solid', values: of(({ found }) => found) }],
    },
    {
      id: 'heals',
      title: 'Heals',
      series: [
        { label: 'verified or held', pattern: 'solid', values: of(({ healed }) => healed) },
        { label: 'relapsed', pattern: 'lines', values: of(({ relapsed }) => relapsed) },
      ],
    },
    {
      id: 'tickets',
      title: 'Tickets opened',
      series: [{ label: 'opened', pattern: 'solid', values: of(({ opened }) => opened) }],
    },
  ];
};
