/** Figures of knowledge in words: counts, bounds, lift. */
import { printable, share, signed } from '../../ground/text.ts';
import type { Figures, Record, Untouched } from '../../services/knowledge/stats.ts';
import { relative } from '../terminal/print.ts';

/** `7 of 9 recovered`; null when there was none. */
export const untouchedInWords = ({ recovered, persisted }: Untouched): string | null =>
  recovered + persisted > 0 ? `${recovered} of ${recovered + persisted} recovered` : null;

export const lowerBound = ({ decided, lower }: Record): string =>
  decided > 0 ? share(lower) : '-';

/** `2 of the newest 7 held, upper bound .588`; null before the first outcome. */
export const recentInWords = ({ recent }: Record): string | null =>
  recent &&
  `${recent.held} of the newest ${recent.decided} held, upper bound ${share(recent.upper)}`;

export const liftInWords = ({ lift }: Pick<Figures, 'lift'>): string =>
  lift === null ? '-' : signed(lift);

export const figureColumns = [
  'Decided',
  'Held',
  'Relapsed',
  'Failed',
  'Lower bound',
  'Untouched',
  'Lift',
  'Last relapse',
];

/** Cells of {@link figureColumns}. */
export const figureCells = (
  record: Record,
  { untouched, lift }: Pick<Figures, 'untouched' | 'lift'>,
  now: Date,
): string[] => [
  ...[record.decided, record.held, record.relapsed, record.failed].map(String),
  lowerBound(record),
  untouchedInWords(untouched) ?? '-',
  liftInWords({ lift }),
  relative(record.lastRelapse, now),
];

/** `bot_knowledge_events.figures` in words, whichever program wrote it. */
export function eventInWords(figures: unknown): string {
  const { why, decided, held, lower, untouched, lift } = (figures ?? {}) as {
    [figure: string]: unknown;
  };
  const { recovered, persisted } = (untouched ?? {}) as { [figure: string]: unknown };
  const words = [
    isCount(decided) && isCount(held) && isCount(lower) && decided > 0
      ? `held ${held} of ${decided}, lower bound ${share(lower)}`
      : null,
    isCount(recovered) && isCount(persisted) && recovered + persisted > 0
      ? `untouched ${recovered} of ${recovered + persisted} recovered`
      : null,
    isCount(lift) ? `lift ${signed(lift)}` : null,
    typeof why === 'string' ? printable(why) : null,
  ];
  return words.filter((word) => word !== null).join('; ') || '-';
}

const isCount = (value: unknown): value is number => typeof value === 'number';

const scopes: { [context in Figures['context']]: string } = {
  fingerprint: 'this very problem',
  component: 'this component',
  category: 'this category',
  all: 'all that it was tried on',
};

/** What the figures are about. */
export const scopeOf = ({ context }: Pick<Figures, 'context'>): string => scopes[context];
