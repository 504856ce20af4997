/** Figures of knowledge in words: counts, bounds, lift. */
import { printable, share, signed } from '../../ground/text.ts';
import type { Figures, TrackRecord, Untouched } from '../../services/knowledge/stats.ts';
import type { Column } from '../listing/list.ts';
import { relative } from '../terminal/print.ts';

/** `7 of 9 recovered`; null when there was none. */
export const untouchedInWords = ({ recovered, persisted }: Untouched): string | null =>
  recovered + persisted > 0 ? `${recovered} of ${recovered + persisted} recovered` : null;

export const lowerBound = ({ decided, lower }: TrackRecord): string =>
  decided > 0 ? share(lower) : '-';

/** `2 of the newest 7 held, upper bound .588`; null before the first outcome. */
export const recentInWords = ({ recent }: TrackRecord): string | null =>
  recent &&
  `${recent.held} of the newest ${recent.decided} held, upper bound ${share(recent.upper)}`;

export const liftInWords = ({ lift }: Pick<Figures, 'lift'>): string =>
  lift === null ? '-' : signed(lift);

/** The figures that {@link figureColumns} show. */
export interface WithFigures extends Pick<Figures, 'untouched' | 'lift'> {
  record: TrackRecord;
}

/** Columns for the outcomes of an entry; `figuresOf` reads its figures from a row. */
export const figureColumns = <Row>(
  figuresOf: (row: Row) => WithFigures,
  now: Date,
): Column<Row>[] => {
  const count = (name: 'decided' | 'held' | 'relapsed' | 'failed', head: string): Column<Row> => ({
    name,
    head,
    cell: (row) => String(figuresOf(row).record[name]),
    sortValue: (row) => figuresOf(row).record[name],
  });
  return [
    count('decided', 'Decided'),
    count('held', 'Held'),
    count('relapsed', 'Relapsed'),
    count('failed', 'Failed'),
    {
      name: 'lower',
      head: 'Lower bound',
      cell: (row) => (figuresOf(row).record.decided > 0 ? lowerBound(figuresOf(row).record) : null),
      cellForPrograms: (row) =>
        figuresOf(row).record.decided > 0 ? figuresOf(row).record.lower.toFixed(3) : null,
      sortValue: (row) => (figuresOf(row).record.decided > 0 ? figuresOf(row).record.lower : null),
    },
    {
      name: 'untouched_recovered',
      head: 'Untouched',
      cell: (row) => untouchedInWords(figuresOf(row).untouched),
      cellForPrograms: (row) => String(figuresOf(row).untouched.recovered),
      sortValue: (row) => figuresOf(row).untouched.recovered,
    },
    {
      name: 'lift',
      head: 'Lift',
      cell: (row) => (figuresOf(row).lift === null ? null : liftInWords(figuresOf(row))),
      cellForPrograms: (row) => figuresOf(row).lift?.toFixed(3) ?? null,
      sortValue: (row) => figuresOf(row).lift,
    },
    {
      name: 'last_relapse',
      head: 'Last relapse',
      cell: (row) =>
        figuresOf(row).record.lastRelapse && relative(figuresOf(row).record.lastRelapse, now),
      sortValue: (row) => figuresOf(row).record.lastRelapse,
    },
    {
      name: 'untouched_persisted',
      head: 'Persisted',
      cell: (row) => String(figuresOf(row).untouched.persisted),
      onlyForPrograms: true,
    },
  ];
};

/** Figures as an event or a decision stores them, in words, whichever program wrote them. */
export function storedFiguresInWords(figures: unknown): string {
  const { why, decided, held, lower, untouched, lift } = (figures ?? {}) as {
    [figure: string]: unknown;
  };
  const { recovered, persisted } = (untouched ?? {}) as { [figure: string]: unknown };
  const words = [
    isNumber(decided) && isNumber(held) && isNumber(lower) && decided > 0
      ? `held ${held} of ${decided}, lower bound ${share(lower)}`
      : null,
    isNumber(recovered) && isNumber(persisted) && recovered + persisted > 0
      ? `untouched ${recovered} of ${recovered + persisted} recovered`
      : null,
    isNumber(lift) ? `lift ${signed(lift)}` : null,
    typeof why === 'string' ? printable(why) : null,
  ];
  return words.filter((word) => word !== null).join('; ') || '-';
}

const isNumber = (value: unknown): value is number => typeof value === 'number';

const scopes: { [context in Figures['context']]: string } = {
  fingerprint: 'this very problem',
  component: 'this component',
  category: 'this category',
  all: 'all that it was tried on',
};

/** What the figures are about. */
export const scopeOf = ({ context }: Pick<Figures, 'context'>): string => scopes[context];
