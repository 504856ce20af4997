/** What a person has to look at, in words; what stops everything else comes first. */
import { healsIn } from '../../data/bots/engine.ts';
import { byNumber, counted } from '../../ground/text.ts';
import { botsThatAre, type Facts } from './facts.ts';
import { refusedByNodes } from './refused-code.ts';
import { backupsOld, oldRowsLeft, slotsTooLate } from './kept.ts';
import { listenerGone } from './listening.ts';
import { ago, ageInWords, oldestAgeInWords, type Need } from './need.ts';
import { healsWithoutSecretInWords } from './secrets-closed.ts';
import { readOnlyInWords, takesNoWrites } from './read-only.ts';
import { lastSign, standstill } from './standstill.ts';

/** `what: try`, as a list shows it. Names in it come from rows: print it as foreign text. */
export const inOneLine = (need: Need): string => `${need.what}: ${need.try}`;

/** The needs, the most urgent first; empty when a person has nothing to do. */
export function needs(facts: Facts): Need[] {
  return [
    rowsHidden(facts),
    ...(takesNoWrites(facts) ? [databaseReadOnly(facts)] : standstill(facts)),
    listenerGone(facts),
    secretsClosed(facts),
    ticketsLate(facts),
    ticketsUrgent(facts),
    codeRefused(facts),
    remediesMissing(facts),
    botsInError(facts),
    policyUnreadable(facts),
    notificationsUnusable(facts),
    channelsOff(facts),
    messagesFailed(facts),
    jobsFailed(facts),
    backupsOld(facts),
    oldRowsLeft(facts),
    slotsTooLate(facts),
    healingOff(facts),
  ].filter((need) => need !== null);
}

/** Rows are hidden from this role: the other needs may be incomplete. */
function rowsHidden({ hidden }: Facts): Need | null {
  if (!hidden) return null;
  return {
    kind: 'rows_hidden',
    what: 'row level security hides rows from this database role, so this list may be incomplete',
    try: 'connect as the owner of the tables, or as a role with BYPASSRLS, and run `npx roundsman status` again',
  };
}

/** While the database takes no writes, living processes cannot write heartbeats, and another process does not help. */
const databaseReadOnly = (facts: Facts): Need => ({
  kind: 'read_only',
  what: `${readOnlyInWords(facts.readOnly!)}; nothing runs, and it is not known which processes are alive${lastSign(facts, { noScheduler: true, noWorker: true })}`,
  try: 'let DATABASE_URL name the primary server, or check whether its disk is full and where default_transaction_read_only is set (server, database or role); processes that are alive then go on by themselves, and `npx roundsman doctor` looks at the rest',
});

function secretsClosed(facts: Facts): Need | null {
  const what = healsWithoutSecretInWords(facts);
  if (what === null) return null;
  return {
    kind: 'secrets_closed',
    what,
    try: 'give every worker the ROUNDSMAN_KEYS or the variable that it lacks, and restart it; `npx roundsman secrets list` shows what opens here',
  };
}

function ticketsLate(facts: Facts): Need | null {
  const { late, late_since, first_late } = facts.tickets;
  if (late === 0) return null;
  return {
    kind: 'tickets_late',
    what: `${counted(late, 'ticket')} past ${byNumber(late, 'its', 'their')} response target${oldestAgeInWords(late, late_since, facts)} (T-${first_late})`,
    try: `\`npx roundsman tickets show T-${first_late}\``,
  };
}

function ticketsUrgent(facts: Facts): Need | null {
  const { urgent, urgent_since } = facts.tickets;
  if (urgent === 0) return null;
  const open = urgent === 1 ? `, open${ageInWords(urgent_since, facts)}` : '';
  const oldest = urgent > 1 ? `, the oldest open${ageInWords(urgent_since, facts)}` : '';
  return {
    kind: 'tickets_urgent',
    what: `${counted(urgent, 'critical or high ticket')}${open}${oldest}`,
    try: '`npx roundsman tickets list`',
  };
}

/** What living processes have left out of their projects: the same code counts once, however many processes have it. */
function codeRefused({ nodes }: Facts): Need | null {
  const [first, ...others] = refusedByNodes(nodes);
  if (!first) return null;
  return {
    kind: 'code_refused',
    what: `code of the project is left out: ${first.place}: ${first.why}${others.length > 0 ? `, and ${others.length} more` : ''}`,
    try: `${first.hint}; then restart the processes (\`npx roundsman doctor\` names all)`,
  };
}

/** No other need shows this: the entry is enabled, its findings wait, and nothing fails. */
function remediesMissing({ withoutRemedy }: Facts): Need | null {
  const [first, ...others] = withoutRemedy;
  if (!first) return null;
  return {
    kind: 'remedies_missing',
    what: `knowledge names a remedy that no running process has, and heals nothing: ${first.name} (${first.remedy})${others.length > 0 ? `, and ${others.length} more` : ''}`,
    try: `bring the file of that remedy back and restart the workers, or change the entry with \`npx roundsman knowledge edit ${first.name}\` (\`npx roundsman doctor\` names all)`,
  };
}

function botsInError(facts: Facts): Need | null {
  const count = botsThatAre(facts, 'error');
  if (count === 0) return null;
  const { inError } = facts;
  const times = inError.flatMap(({ status_changed_at: at }) => at ?? []);
  const first = times.toSorted((one, other) => one.getTime() - other.getTime())[0] ?? null;
  return {
    kind: 'bots_in_error',
    what: `${counted(count, 'bot')} in error${oldestAgeInWords(count, first, facts)}`,
    try: `correct the definition with \`npx roundsman bots edit ${count === 1 ? inError[0]!.name : '<name>'}\``,
  };
}

function jobsFailed(facts: Facts): Need | null {
  const { count, since: at, first } = facts.failedJobs;
  if (count === 0) return null;
  return {
    kind: 'jobs_failed',
    what: `${counted(count, 'job')} failed in ${byNumber(count, 'its', 'their')} newest run${count === 1 && at ? ` ${ago(at, facts)}` : ''} (${first})`,
    try: `\`npx roundsman jobs show ${first}\` says why; it runs again at its next slot`,
  };
}

/** No other need shows this: a ticket that should escalate is not late yet, and nothing fails. */
export function policyUnreadable({ unreadable }: Facts): Need | null {
  const [first] = unreadable;
  if (!first) return null;
  const versions = unreadable.map(({ version }) => version).join(', ');
  const tickets = unreadable.reduce((sum, each) => sum + each.tickets, 0);
  return {
    kind: 'policy_unreadable',
    what: `policy ${versions} cannot be read, because ${byNumber(unreadable.length, 'it was', 'they were')} edited by hand: ${counted(tickets, 'ticket')} that ${byNumber(tickets, 'keeps', 'keep')} ${byNumber(unreadable.length, 'it', 'them')} ${byNumber(tickets, 'is', 'are')} not given to the next person`,
    try: `\`npx roundsman policy show ${first.version}\` shows it: restore its row in engine.policies; \`npx roundsman policy set FILE\` sets another one for new tickets`,
  };
}

/** No other need shows this: no message fails, and no channel is off. */
function notificationsUnusable({ unusable }: Facts): Need | null {
  if (unusable === null) return null;
  return {
    kind: 'notifications_unusable',
    what: `the setting notifications cannot be used (${unusable}): people are told of nothing, and what happens waits`,
    try: '`npx roundsman notify show` shows it, and `npx roundsman notify set FILE` sets another one',
  };
}

function channelsOff(facts: Facts): Need | null {
  const { off, off_since, first_off } = facts.messages;
  if (off === 0) return null;
  return {
    kind: 'channels_off',
    what: `${counted(off, 'channel')} off${oldestAgeInWords(off, off_since, facts)} (${first_off}): people are not told through ${byNumber(off, 'it', 'them')}`,
    try: `\`npx roundsman notify list\` says why, and \`npx roundsman notify retry ${first_off}\` switches it on`,
  };
}

function messagesFailed(facts: Facts): Need | null {
  const { failed } = facts.messages;
  if (failed === 0) return null;
  return {
    kind: 'messages_failed',
    what: `${counted(failed, 'message')} of the last 24 hours could not be sent`,
    try: '`npx roundsman notify list --status failed` says why',
  };
}

function healingOff(facts: Facts): Need | null {
  const { mode, changed_at, changed_by, reason } = facts.mode;
  if (healsIn(mode)) return null;
  const by = changed_by ? `, set by ${changed_by}` : '';
  const why = reason ? ` (${reason})` : '';
  const state = mode === null ? 'the mode is not set' : `the mode is ${mode}`;
  return {
    kind: 'healing_off',
    what: `${state}${ageInWords(changed_at, facts)}${by}${why}; nothing is healed`,
    try: '`npx roundsman mode safe` lets safe remedies act again',
  };
}
