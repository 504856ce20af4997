/** Makes the result of the check `remote` from the answer of a remote bot. */
import type { CheckResult, Examined, Figure, ReportedFinding } from '../contract/finding.ts';
import { counted, fitting } from '../ground/text.ts';
import { cronAnswer, signedAnswer, type RemoteCheck, type RemoteFinding } from './answer.ts';
import type { RemoteConfig } from './config.ts';
import { UnfitAnswerError } from './json.ts';
import { readBy } from './unfit.ts';

/**
 * Keys of findings about the call itself. Those about a check that could not look are its name. A key of the answer has the name of
 * its check and a slash before it, so that none of them is the same.
 */
const goneKey = ':gone';
const waitKey = ':wait';
const ownKeys = [goneKey, waitKey];
const issuesKey = 'issues';

/** Either a result, or why there is none although the answer fits the contract. */
export type Read = { result: CheckResult } | { skipped: string };

type Defaults = Pick<RemoteConfig, 'category' | 'severity'>;

/** What findings about the remote bot itself need. */
export interface About {
  component: string;
  /**
   * The keys of such findings that are remembered. Only these are examined: the others would count as looked at, also where the
   * remote bot has looked at nothing.
   */
  remembered: readonly string[];
}

/** Throws {@link UnfitAnswerError}. */
export function readAnswer(
  body: unknown,
  config: Pick<RemoteConfig, 'contract'> & Defaults,
  about: About,
): Read {
  return config.contract === 'cron'
    ? { result: ofCron(body, config, about) }
    : ofSigned(body, config, about);
}

const isPerformed = (
  check: RemoteCheck,
): check is RemoteCheck & { examined: Examined; findings: RemoteFinding[] } =>
  check.examined !== undefined && check.findings !== undefined;

function ofSigned(body: unknown, defaults: Defaults, { component, remembered }: About): Read {
  const { checks } = readBy(signedAnswer, body);
  const performed = checks.filter(isPerformed);
  const failed = checks.filter(({ error }) => error !== undefined);
  if (performed.length === 0) {
    const [first] = failed;
    if (first) throw new UnfitAnswerError(`${first.name} could not look: ${first.error}`);
    const [skipped] = checks;
    if (skipped) return { skipped: `${skipped.name}: ${skipped.skipped}` };
    throw new UnfitAnswerError('it answered 200 without a check, so nothing was looked at');
  }
  const findings = performed.flatMap((check) =>
    check.findings.map((finding) => withDefaults(check.name, finding, defaults)),
  );
  return {
    result: {
      examined: examinedBy(performed, failed, remembered),
      findings: [...findings, ...failed.map((check) => couldNotLook(check, component))],
      ...figuresOf(performed),
      ...(performed.some(({ truncated }) => truncated) && { truncated: true }),
    },
  };
}

const withDefaults = (
  check: string,
  { key, severity, category, description, metadata, dependsOn, ...finding }: RemoteFinding,
  defaults: Defaults,
): ReportedFinding => ({
  ...finding,
  severity: severity ?? defaults.severity,
  category: category ?? defaults.category,
  key: `${check}/${key ?? finding.component}`,
  ...(description !== undefined && { description }),
  ...(metadata !== undefined && { metadata }),
  ...(dependsOn !== undefined && { dependsOn }),
});

/** One check of several could not look: the others count, and this is a problem of its own until the check answers again. */
const couldNotLook = ({ name, error }: RemoteCheck, component: string): ReportedFinding => ({
  severity: 'medium',
  category: 'remote',
  title: `Check ${name} of ${component} could not look`,
  description: error!,
  component,
  key: name,
});

function examinedBy(
  performed: (RemoteCheck & { examined: Examined })[],
  failed: RemoteCheck[],
  remembered: readonly string[],
): Examined {
  const own = [...ownKeys, ...[...performed, ...failed].map(({ name }) => name)];
  const lists = own.filter((key) => remembered.includes(key));
  for (const { name, examined } of performed) {
    const within = (keys: string[]) => keys.map((key) => `${name}/${key}`);
    // The contract allows this form only where there is no other check, so every key of the bot is one of this check.
    if (!Array.isArray(examined)) return { count: examined.count, except: within(examined.except) };
    lists.push(...within(examined));
  }
  return lists;
}

/** How many figures a result may have, and how long their names may be. */
const maxFigures = 20;
const maxName = 50;

function figuresOf(performed: RemoteCheck[]): { figures?: Figure[] } {
  const figures = performed.flatMap(({ name, figures = [] }) =>
    figures.map(({ name: called, value, unit }) => ({
      name: fitting(performed.length > 1 ? `${name}: ${called}` : called, maxName),
      value,
      ...(unit !== undefined && { unit }),
    })),
  );
  return figures.length > 0 ? { figures: figures.slice(0, maxFigures) } : {};
}

function ofCron(
  body: unknown,
  { category, severity }: Defaults,
  { component, remembered }: About,
): CheckResult {
  const answer = readBy(cronAnswer, body);
  const { success, result, error } = answer;
  if (!success)
    throw new UnfitAnswerError(
      `it answered 200 and success: false${error === undefined ? '' : `: ${fitting(error, 500)}`}`,
    );
  const performed = result?.checksPerformed ?? 0;
  if (!result || performed === 0)
    throw new UnfitAnswerError(
      'it answered 200 without checks performed, so nothing was looked at: result.checksPerformed has to be at least 1',
    );
  const { issuesFound = 0, issuesFixed = 0, ticketsCreated, executionTimeMs } = result;
  const left = issuesFound - issuesFixed;
  const figures: Figure[] = [
    { name: 'checks performed', value: performed },
    { name: 'issues found', value: issuesFound },
    { name: 'issues fixed', value: issuesFixed },
    ...(ticketsCreated === undefined ? [] : [{ name: 'tickets created', value: ticketsCreated }]),
    ...(executionTimeMs === undefined
      ? []
      : [{ name: 'its own time', value: executionTimeMs, unit: 'ms' }]),
  ];
  const finding: ReportedFinding = {
    severity,
    category,
    title: `${component} found ${counted(issuesFound, 'issue')}, and fixed ${issuesFixed}`,
    description:
      'The contract cron names no single issues: look at the log of the remote bot, by the id of its execution. With the contract signed it reports each of them.',
    component,
    key: issuesKey,
    metadata: { answer: answer as Record<string, unknown> },
  };
  const own = ownKeys.filter((key) => remembered.includes(key));
  return { examined: [...own, issuesKey], findings: left > 0 ? [finding] : [], figures };
}

/** The address is not used any more: the bot is paused, because each further call would only be refused again. */
export const goneResult = (bot: string, { component }: About): CheckResult => ({
  examined: ownKeys,
  pauseBot: `${component} answered 410: the remote bot is gone from this address`,
  findings: [
    {
      severity: 'critical',
      category: 'remote',
      title: `${component} answered 410: the remote bot is gone from this address`,
      description:
        `The bot is paused, and nothing is checked by it. \`npx roundsman bots edit ${bot} --endpoint https://...\` gives it its new ` +
        `address, and \`npx roundsman bots resume ${bot}\` has it run again; the first answer resolves this finding.`,
      component,
      key: goneKey,
      certain: true,
    },
  ],
});

/** How many times in a row a server may ask to wait until that is a serious problem. */
const maxPatientWaits = 3;

/** The server asks to be left alone until a time. */
export const waitResult = (
  { until, times }: { until: Date; times: number },
  { component }: About,
): CheckResult => ({
  examined: [waitKey],
  findings: [
    {
      severity: times >= maxPatientWaits ? 'high' : 'low',
      category: 'remote',
      title: `it asks not to be called until ${until.toISOString()} (Retry-After)`,
      description: `It has asked so ${times} ${times === 1 ? 'time' : 'times in a row'}. It is not called before that time, so nothing is checked by it meanwhile.`,
      component,
      key: waitKey,
    },
  ],
});
