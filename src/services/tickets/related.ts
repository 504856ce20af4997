import type { TicketRow } from '../../data/bots/bot-tickets.ts';
import {
  componentIn,
  curingEntriesOf,
  earlierTickets,
  ticketsOfComponent,
  type CuringEntry,
  type RelatedTicket,
} from '../../data/bots/related-tickets.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { figuresOf } from '../../heal/judging/figures.ts';
import { ticketOf } from '../references/ticket.ts';

export interface Related {
  ticket: TicketRow;
  /** null when the ticket does not say */
  component: string | null;
  /** tickets that the same problem had before */
  earlier: RelatedTicket[];
  /** pending tickets of other problems of the same component */
  ofComponent: RelatedTicket[];
  /** entries that cured such problems, each with how many of all its decided heals held */
  curedBy: (CuringEntry & { decided: number; held: number })[];
  /** the database's time */
  now: Date;
}

/** Other tickets that help to understand this one, and what cured them. Throws NotFoundError. */
export async function relatedTo(db: Db, { ticket: given }: { ticket: string }): Promise<Related> {
  const ticket = await ticketOf(db, given);
  const entries = await curingEntriesOf(db, ticket);
  const ids = entries.map(({ knowledge_id }) => knowledge_id);
  const component = componentIn(ticket.metadata);
  const figures = await figuresOf(db, ids, { fingerprint: null, component: null, category: null });
  return {
    ticket,
    component,
    earlier: await earlierTickets(db, ticket),
    ofComponent: await ticketsOfComponent(db, ticket),
    curedBy: entries.map((entry) => {
      const { decided, held } = figures.get(entry.knowledge_id)!.records.all;
      return { ...entry, decided, held };
    }),
    now: await currentTime(db),
  };
}
