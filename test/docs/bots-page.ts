/** Writes docs/bots.md from the catalogue and the faults that can be planted. */
import { readFile } from 'node:fs/promises';
import { bots, remedies } from '../../bots/index.ts';
import type { Bot } from '../../src/bot.ts';
import { adviceOf, checksOf, healingEntriesOf } from '../../src/catalogue/abilities.ts';
import { catalogueOf } from '../../src/catalogue/catalogue.ts';
import { dependsOn, settingsOf } from '../../src/catalogue/settings.ts';
import { freedomInWords } from '../../src/cli/bots/abilities.ts';
import { finderOf } from '../../src/demo/faults/fault.ts';
import { faults } from '../../src/demo/faults/index.ts';
import { cronInWords, rememberedSchedule } from '../../src/schedule/cron.ts';
import { code, table } from './markdown.ts';
import { withoutFault } from './without-fault.ts';

const intro = `# Bots

What each bot of the catalogue asks, when, and what it may do. \`npx roundsman bots show NAME\` says the same of a bot as your
database has it: its settings as they are, what people and outcomes have made of its knowledge, and which of its secrets are
stored. \`npm run docs\` writes this page from \`bots/\`: change them, not the page.

- **Checks** are asked in this order, each time that the bot runs. *Looks outside*: it looks at something beyond the platform's
  database, so what it reports counts only while this machine's own network works
  ([operating](operating.md#when-its-own-network-is-down)).
- **Settings** are changed with \`npx roundsman bots edit NAME --set KEY=VALUE\`. Every bot also has \`depends_on\`, a map of
  components, each with a list of those that it cannot work without.
- **What it may do** are the entries of knowledge that it brings along with a playbook, with the highest risk of their remedies
  and how freely they act at first. An entry that acts by itself does so in the modes \`safe\` and \`auto\`, one with a
  reversible remedy only in \`auto\`, and an irreversible remedy always waits for a person; the gates and what outcomes
  change are in [healing](healing.md), the remedies in [remedies](remedies.md).
- **Tables**: where only the bots are installed, a bot that needs tables of the platform stays off. The
  tables of the bots themselves are everywhere.
- **Faults** can be planted into a database without real people, for its checks to find: \`npx roundsman db seed --fault NAME\`.
  Some are measured by a setting of the bot that finds them, such as a budget: they change that setting, too. For each check
  that no such fault can prove, this page says why, and names the test that does.
`;

const catalogue = catalogueOf(bots, remedies);

const shown = (value: unknown): string =>
  value === undefined ? 'none' : code(JSON.stringify(value));

async function sectionOf(bot: Bot): Promise<string[]> {
  const when = await cronInWords(rememberedSchedule(bot.schedule, 'UTC'));
  const settings = settingsOf(bot)?.filter(({ key }) => key !== dependsOn.key) ?? [];
  const advice = adviceOf(bot);
  const heals = healingEntriesOf(bot, catalogue);
  const { needs = [], secrets = [] } = bot;
  const list = (names: readonly string[]) => names.map(code).join(', ');
  return [
    '',
    `## ${bot.name}`,
    '',
    bot.description,
    '',
    `Runs at \`${bot.schedule}\`: ${when}.`,
    ...table(
      ['check', 'asks'],
      checksOf(bot).map(({ name, title, looks_outside }) => [
        code(name),
        `${title}${looks_outside ? ' Looks outside.' : ''}`,
      ]),
    ),
    ...table(
      ['setting', 'is', 'takes', 'meaning'],
      settings.map(({ key, defaultValue, required, takes, meaning }) => [
        code(key),
        required ? 'has to be set' : shown(defaultValue),
        takes ?? 'its schema does not say',
        meaning ?? '',
      ]),
    ),
    ...table(
      ['may do', 'with', 'risk', 'at first'],
      heals.map((heal) => [
        code(heal.knowledge),
        list(heal.remedies),
        heal.risk,
        freedomInWords(heal),
      ]),
    ),
    '',
    ...(heals.length === 0 ? ['- Applies no remedy: it reports, and people act.'] : []),
    ...(advice.length > 0 ? [`- Advises people by ${list(advice)}.`] : []),
    `- Secrets: ${secrets.length > 0 ? `${list(secrets)}, stored by \`npx roundsman secrets set NAME\`` : 'none'}.`,
    `- Tables: ${needs.length > 0 ? list(needs) : 'none of the platform'}.`,
    ...table(
      ['fault', 'what is broken'],
      faults
        .filter((fault) => finderOf(fault).bot === bot.name)
        .map(({ name, title }) => [code(name), title]),
    ),
    ...table(
      ['check without a fault', 'because', 'proven in'],
      bot.checks.flatMap(({ name }) => {
        const without = withoutFault[`${bot.name}.${name}`];
        return without ? [[code(name), without.why, code(without.test)]] : [];
      }),
    ),
  ];
}

/** A row of test/rounds/week.json. */
interface Judged {
  check: string;
  runs: number;
  skipped: number;
  false_findings: number;
  planted: number;
  found: number;
  minutes: number | null;
  also_found_by: string[];
}

/** What `npm run rounds` has written. */
async function judgedSection(): Promise<string[]> {
  const text = await readFile(new URL('../rounds/week.json', import.meta.url), 'utf8');
  const judged = JSON.parse(text) as Judged[];
  const checks = bots.reduce((sum, bot) => sum + bot.checks.length, 0);
  const planted = checks - Object.keys(withoutFault).length;
  const percent = (part: number, of: number) =>
    of === 0 ? '-' : `${Math.round((1_000 * part) / of) / 10} %`;
  return [
    '',
    '## What they find, and what they do not',
    '',
    'Measured by `npm run rounds`: a week in simulated time over a healthy and busy platform of 240 people, behind five weeks of',
    'history, with weekdays and nights, deployments, a campaign, a school behind one address, bank debits that take a day, and people',
    'who change networks. Every bot ran at its documented slots. After that each fault was planted once in that platform. *Precision*',
    'is the share of true findings among all of a check, *recall* the share of the faults planted for it that it found; *minutes* is the',
    `longest time from a fault to its finding. ${planted} of the ${checks} checks have a fault; the others are proven by the tests that`,
    'are named above, on servers of their own. Checks that look outside, or that need what such a platform does not have, were skipped',
    'or had nothing to judge in that week.',
    ...table(
      [
        'check',
        'runs',
        'skipped',
        'false findings',
        'faults',
        'found',
        'precision',
        'recall',
        'minutes',
        'seen by others, too',
      ],
      judged.map((row) => [
        code(row.check),
        String(row.runs),
        String(row.skipped),
        String(row.false_findings),
        String(row.planted),
        String(row.found),
        percent(row.found, row.found + row.false_findings),
        percent(row.found, row.planted),
        row.minutes === null ? '-' : String(row.minutes),
        row.also_found_by.map(code).join(', '),
      ]),
    ),
  ];
}

export async function botsPage(): Promise<string> {
  const all = bots.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const sections = await Promise.all(all.map(sectionOf));
  return [
    intro.trimEnd(),
    ...table(
      ['bot', 'what it does', 'checks'],
      all.map(({ name, description, checks }) => [
        `[${name}](#${name})`,
        description,
        String(checks.length),
      ]),
    ),
    ...sections.flat(),
    ...(await judgedSection()),
    '',
  ].join('\n');
}
