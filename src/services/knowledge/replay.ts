/** What a pattern would have matched among past findings. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { tryPatterns } from '../../heal/patterns/try-patterns.ts';
import { buildIndex, inSlices } from '../../heal/patterns/knowledge-index.ts';
import { maxText, textOf } from '../../heal/match.ts';
import { startTimeLimit } from '../../heal/patterns/timed-text.ts';

/** How many findings are read, the newest first, and for how long; the result says what was left out. */
const maxFindings = 50_000;
const maxMs = 60_000;
const maxExamples = 10;
const pageSize = 500;

export interface Replay {
  /** findings that were read */
  examined: number;
  /** findings that the pattern matches, and the number of different problems among them */
  matched: number;
  fingerprints: number;
  /**
   * of the findings that were read, those for which the engine would have run out of time before it knew whether the pattern
   * matches
   */
  untried: number;
  /** why not all findings of the period were read (the oldest are left out); null when all were */
  cut: 'findings' | 'time' | null;
  /** the newest matching findings */
  examples: ReplayedFinding[];
  /** by the entry that cured such findings, those with the most such findings first */
  wrongMatches: WrongMatch[];
}

export interface ReplayedFinding {
  id: string;
  bot_id: string | null;
  severity: string;
  category: string;
  title: string;
  affected_component: string | null;
  fingerprint: string;
  last_seen_at: Date;
  resolved_at: Date | null;
}

/** Findings that this pattern would have matched, and that another entry cured. */
export interface WrongMatch {
  knowledge_id: string;
  name: string;
  /** findings that the other entry cured */
  findings: number;
  /**
   * tickets: findings whose ticket a person resolved with that entry; heals: findings that it healed and that held
   */
  tickets: number;
  heals: number;
  /** one of the findings */
  example: string;
}

export interface ReplayOptions {
  /** seconds back from now; findings seen since then are read */
  since: number;
  category?: string | undefined;
}

/**
 * Tries a pattern, which {@link checkPattern} has accepted, on the findings seen since `since`, the newest first, as the engine
 * would match them today. A finding that an entry with the same pattern cured does not count as wrongly matched.
 */
export async function replay(
  db: Db,
  pattern: string,
  { since, category }: ReplayOptions,
  isOver = startTimeLimit(maxMs),
): Promise<Replay> {
  const index = await inSlices(buildIndex([{ id: 'replayed', issue_pattern: pattern }]));
  const ids = await newestFindings(db, since, category);
  const curedBy = new Map<string, CuredByEntry>();
  const fingerprints = new Set<string>();
  const found: Replay = {
    examined: 0,
    matched: 0,
    fingerprints: 0,
    untried: 0,
    cut: ids.length > maxFindings ? 'findings' : null,
    examples: [],
    wrongMatches: [],
  };
  for (let at = 0; at < Math.min(ids.length, maxFindings) && found.cut !== 'time'; at += pageSize) {
    const matched: string[] = [];
    const page = ids.slice(at, Math.min(at + pageSize, maxFindings));
    for (const { description, ...finding } of await readPage(db, page)) {
      if (isOver()) {
        found.cut = 'time';
        break;
      }
      found.examined += 1;
      const match = tryPatterns(index, textOf({ ...finding, description }));
      found.untried += match.untried.length;
      if (match.matching.length === 0) continue;
      matched.push(finding.id);
      fingerprints.add(finding.fingerprint);
      if (found.examples.length < maxExamples) found.examples.push(finding);
    }
    found.matched += matched.length;
    for (const cure of await curesOf(db, pattern, matched)) addCure(curedBy, cure);
  }
  found.fingerprints = fingerprints.size;
  found.wrongMatches = [...curedBy.values()]
    .map(({ cured, ...entry }) => ({ ...entry, findings: cured.size }))
    .toSorted((a, b) => b.findings - a.findings || a.name.localeCompare(b.name, 'en'));
  return found;
}

/** The ids of the newest findings: one more than are read, if there are so many, which shows that some are left out. */
async function newestFindings(db: Db, since: number, category?: string): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    SELECT id FROM bot_findings
    WHERE last_seen_at > engine.now() - make_interval(secs => ${since})
      AND category = coalesce(${category ?? null}::text, category)
    ORDER BY last_seen_at DESC, id LIMIT ${maxFindings + 1}`.execute(db);
  return rows.map(({ id }) => id);
}

/** Reads findings, with the part of the description that the engine's matcher reads. */
async function readPage(
  db: Db,
  ids: string[],
): Promise<(ReplayedFinding & { description: string | null })[]> {
  const { rows } = await sql<ReplayedFinding & { description: string | null }>`
    SELECT f.id, f.bot_id, f.severity, f.category, f.title, f.affected_component, f.fingerprint, f.last_seen_at, f.resolved_at,
           left(f.description, ${maxText}) AS description
    FROM bot_findings f WHERE f.id = ANY (${ids}::uuid[])
    ORDER BY f.last_seen_at DESC, f.id`.execute(db);
  return rows;
}

interface Cure {
  finding_id: string;
  knowledge_id: string;
  name: string;
  how: 'ticket' | 'heal';
}

/** A wrong match while its findings are counted. */
type CuredByEntry = Omit<WrongMatch, 'findings'> & { cured: Set<string> };

/** Which other entries cured these findings: a person named the entry on the ticket, or its heal held. */
async function curesOf(db: Db, pattern: string, ids: string[]): Promise<Cure[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<Cure>`
    SELECT DISTINCT c.finding_id, c.knowledge_id, k.name, c.how
    FROM (
      SELECT finding_id, cure_knowledge_id AS knowledge_id, 'ticket' AS how FROM bot_tickets
      WHERE finding_id = ANY (${ids}::uuid[]) AND cure_knowledge_id IS NOT NULL
      UNION ALL
      -- A reopened ticket names only one of its findings.
      SELECT f.id, t.cure_knowledge_id, 'ticket'
      FROM bot_findings f JOIN bot_tickets t ON t.fingerprint = f.fingerprint AND t.bot_id = f.bot_id
      WHERE f.id = ANY (${ids}::uuid[]) AND t.cure_knowledge_id IS NOT NULL
        AND t.created_at <= coalesce(f.resolved_at, 'infinity') AND t.resolved_at >= f.detected_at
      UNION ALL
      SELECT finding_id, knowledge_id, 'heal' FROM engine.heals
      WHERE finding_id = ANY (${ids}::uuid[]) AND outcome = 'held'
    ) c JOIN bot_knowledge k ON k.id = c.knowledge_id
    WHERE k.issue_pattern <> ${pattern}
    ORDER BY c.finding_id, k.name, c.how`.execute(db);
  return rows;
}

function addCure(
  curedBy: Map<string, CuredByEntry>,
  { finding_id, knowledge_id, name, how }: Cure,
): void {
  const entry = curedBy.get(knowledge_id) ?? {
    knowledge_id,
    name,
    tickets: 0,
    heals: 0,
    example: finding_id,
    cured: new Set<string>(),
  };
  entry.cured.add(finding_id);
  entry[how === 'ticket' ? 'tickets' : 'heals'] += 1;
  curedBy.set(knowledge_id, entry);
}
