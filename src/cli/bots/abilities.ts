/** What a bot does and may do, in words. */
import { printable } from '../../ground/text.ts';
import type { Abilities, HealingEntry, ShownCheck } from '../../services/bots/abilities.ts';
import { paint, say, section } from '../terminal/print.ts';

/** How freely an entry acts where nothing else holds it back. */
export function freedomInWords({
  autonomy,
  risk,
}: Pick<HealingEntry, 'autonomy' | 'risk'>): string {
  if (autonomy === 'shadow') return 'only says what it would do';
  if (autonomy === 'suggest' || risk === 'irreversible') return 'asks a person';
  return risk === 'safe' ? 'acts by itself' : 'acts by itself in the mode auto';
}

/** `session.expired: session.expire (safe), acts by itself` */
const healInWords = (heal: HealingEntry & { enabled?: boolean }): string =>
  printable(
    `${heal.knowledge}: ${heal.remedies.join(', ')} (${heal.risk}), ${heal.enabled === false ? 'disabled' : freedomInWords(heal)}`,
  );

export function printChecks(checks: readonly ShownCheck[]): void {
  section('Checks');
  for (const { name, title, looks_outside } of checks)
    say(
      `  ${printable(name)}: ${printable(title)}${looks_outside ? paint('dim', '  looks outside') : ''}`,
      '    ',
    );
}

export function printHeals(
  heals: readonly (HealingEntry & { enabled?: boolean })[],
  advice: readonly string[],
): void {
  section('What it may do');
  for (const heal of heals) say(`  ${healInWords(heal)}`, '    ');
  if (heals.length === 0) say('  Nothing: it reports, and people act.', '    ');
  if (advice.length > 0) say(`  It advises by ${advice.map(printable).join(', ')}`, '    ');
}

/** `STRIPE_KEY stored, SLACK_KEY missing`; null where it needs none. */
export const secretsInWords = (secrets: Abilities['secrets']): string | null =>
  secrets
    .map(({ name, stored }) => `${printable(name)} ${stored ? 'stored' : paint('red', 'missing')}`)
    .join(', ') || null;

/** Says how to store the first secret that is missing. */
export function printMissingSecret(secrets: Abilities['secrets']): void {
  const missing = secrets.find(({ stored }) => !stored);
  if (missing)
    say(
      `Its secret ${printable(missing.name)} is not stored: \`npx roundsman secrets set ${printable(missing.name)}\` stores it.`,
    );
}

export const needsInWords = ({ needs, lacking }: Pick<Abilities, 'needs' | 'lacking'>) =>
  needs.length === 0
    ? null
    : `${needs.map(printable).join(', ')}${lacking ? paint('red', ' (not installed: `npx roundsman db migrate`)') : ''}`;
