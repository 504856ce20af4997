/** What a round saw beside its list of findings: problems that wait to be confirmed, and checks that were skipped. */
import type { Round } from '../../services/round/make.ts';
import { printable } from '../../ground/text.ts';
import { counted, shortId } from '../terminal/print.ts';

interface CheckOfRun {
  run: string;
  bot: string;
  check: string;
  status: string;
  reported: number;
}

/** How many checks one line names. */
const maxNamed = 4;

/** Checks that reported problems of which none is a finding yet: they are not certain before later runs see them again. */
export function unconfirmed(round: Round, nameOf: (bot: string | null) => string): string | null {
  const seen = checksOf(round, nameOf).filter(
    ({ run, check, status, reported }) =>
      status === 'failed' && reported > 0 && !hasFinding(round, run, check),
  );
  const count = seen.reduce((sum, { reported }) => sum + reported, 0);
  if (count === 0) return null;
  const [one, wait] = count === 1 ? ['it', 'waits'] : ['they', 'wait'];
  return `${counted(count, 'problem')} ${wait} to be confirmed: ${namesOf(seen)}. Later runs say whether ${one} last${count === 1 ? 's' : ''}, and open a ticket then.`;
}

export function skippedChecks(round: Round, nameOf: (bot: string | null) => string): string | null {
  const skipped = checksOf(round, nameOf).filter(({ status }) => status === 'skipped');
  const first = skipped[0];
  if (!first) return null;
  return `${counted(skipped.length, 'check')} ${skipped.length === 1 ? 'was' : 'were'} skipped: ${namesOf(skipped)}. Why: npx roundsman runs show ${shortId(first.run)}`;
}

function namesOf(checks: CheckOfRun[]): string {
  const names = checks.slice(0, maxNamed).map(({ bot, check }) => `${bot} ${check}`);
  const more = checks.length - names.length;
  return printable(names.join(', ')) + (more > 0 ? ` and ${more} more` : '');
}

const hasFinding = ({ executions, findings }: Round, run: string, check: string): boolean => {
  const bot = executions.find(({ id }) => id === run)?.bot_id;
  return findings.some(({ bot_id, check_name }) => bot_id === bot && check_name === check);
};

/** Any version may have written `metadata`, so its shape is not known. */
const checksOf = ({ executions }: Round, nameOf: (bot: string | null) => string): CheckOfRun[] =>
  executions
    .flatMap(({ id, bot_id, metadata }) => {
      const checks: unknown = (metadata as { checks?: unknown } | null)?.checks;
      return (Array.isArray(checks) ? checks : []).flatMap((each: any) =>
        typeof each?.name === 'string'
          ? {
              run: id,
              bot: nameOf(bot_id),
              check: each.name as string,
              status: String(each.status),
              reported: Number.isInteger(each.findings) ? (each.findings as number) : 0,
            }
          : [],
      );
    })
    .toSorted((a, b) => (a.bot < b.bot ? -1 : Number(a.bot > b.bot)));
