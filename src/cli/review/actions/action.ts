/** What a person can do about a ticket in a review: one action a file, all of them in actions.ts. */
import type { Actor } from '../../../services/actor.ts';
import type { Review } from '../../../services/tickets/review.ts';
import type { loadCatalogue } from '../../session/catalogue.ts';
import type { Session } from '../../session/database.ts';

export interface Context {
  db: Session['db'];
  actor: Actor;
  catalogue: typeof loadCatalogue;
}

/** One of several answers, each with the key that gives it. */
export interface Choice {
  key: string;
  words: string;
  value: string;
}

/** Something that a person has to say first. */
export interface Question {
  ask: string;
  /** the keys that answer it; without them a text answers it */
  choices?: readonly Choice[];
  /** a text of several lines */
  isProse?: true;
  /**
   * the command, for people to read, that takes a typed text from the file in which it was kept because it was not used;
   * without this function a text is not kept
   */
  commandWithFile?: (file: string) => string;
  /** the answer where nothing was typed */
  defaultAnswer?: string;
  /** throws a UsageError for a text that is refused */
  check?: (text: string) => void;
}

export type Version = Review['ticket']['version'];

export interface Undone {
  /** a sentence without a full stop */
  message: string;
  /** the ticket's version now; null where the undo does not change it */
  version: Version | null;
  /** other tickets that are again as they were: the version that each had then, and has now */
  others?: readonly { ticket: string; before: Version; after: Version }[];
}

/** How a person takes back what they did. */
export interface Undo {
  /** the ticket's version before and after what was done; null where what was done did not change it */
  versions: { before: Version; after: Version } | null;
  /** Throws where the ticket no longer has this version; without a version it does not compare. */
  perform(context: Context, version: Version | undefined): Promise<Undone>;
}

/** What was done, and how the same person takes it back. */
export interface Done {
  /** a sentence without a full stop */
  message: string;
  undo: Undo | { cannot: string };
}

export interface ReviewAction {
  /** the single key */
  key: string;
  name: string;
  /** for the help */
  words: string;
  /** why it cannot be done about this ticket now; null where it can */
  refusal(seen: Review): string | null;
  questions(seen: Review): Question[];
  /** shown before an action that cannot be undone: another key has to confirm it; null where it can be undone */
  warning(seen: Review, answers: readonly string[]): string | null;
  /** lines that are shown before it is confirmed; `kept` is passed on to `perform` */
  preview?(
    context: Context,
    seen: Review,
    answers: readonly string[],
  ): Promise<{ lines: string[]; kept: unknown }>;
  /** calls one service, with the ticket as it was seen */
  perform(
    context: Context,
    seen: Review,
    answers: readonly string[],
    kept?: unknown,
  ): Promise<Done>;
}

/** The ticket as the person saw it, for services: they refuse if anybody has changed it since then. */
export const asSeen = ({ ticket: { id, version } }: Review) => ({ ticket: id, version });

export const nameOf = ({ ticket: { number } }: Pick<Review, 'ticket'>): string => `T-${number}`;

type Versioned = Pick<Review['ticket'], 'id' | 'version'>;

/** For {@link Undone}: those of these tickets that an undo has given back. */
export const asTheyWere = (then: readonly Versioned[], now: readonly Versioned[]) =>
  now.flatMap(({ id, version }) => {
    const was = then.find((each) => each.id === id);
    return was ? [{ ticket: id, before: was.version, after: version }] : [];
  });
