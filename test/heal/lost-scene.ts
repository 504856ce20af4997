/** A platform with cases, a world outside that counts what is asked of it, and what both have to agree on. */
import { sql } from 'kysely';
import { expect } from 'vitest';
import { catalogueOf } from '../../src/catalogue/catalogue.ts';
import { testDatabase } from '../support/database.ts';
import { anEngine } from '../support/engine.ts';
import { nothingHeldOut, run } from '../support/runs.ts';
import { aWire } from '../run/group-commit-wire.ts';
import { bots, kinds, remedies, type Kind } from './lost-bots.ts';
import { serveHttp } from '../support/http-server.ts';

/** Told that an effect is there and not recorded: false leaves the remedy without an answer. */
type Listener = (about: { pid: number; component: string }) => boolean;

async function theWorld() {
  /** by the key of the application, and by component */
  const requests = { key: new Map<string, number>(), component: new Map<string, number>() };
  const heard = { done: (() => true) as Listener };
  const { url } = await serveHttp((incoming, answer) => {
    const { pathname, searchParams: asked } = new URL(incoming.url!, 'http://world');
    const [key, component] = [asked.get('key')!, asked.get('component')!];
    if (pathname === '/done') {
      if (!heard.done({ pid: Number(asked.get('pid')), component })) return;
    } else if (incoming.method === 'POST') {
      requests.key.set(key, (requests.key.get(key) ?? 0) + 1);
      requests.component.set(component, (requests.component.get(component) ?? 0) + 1);
    }
    answer.writeHead(requests.component.has(component) ? 200 : 404).end();
  });
  return { url, requests, heard };
}

export async function scene() {
  const database = await testDatabase();
  const { db } = database;
  const world = await theWorld();
  const wire = await aWire(database.url);
  // The engine's connections may be cut; those by which the test reads may not.
  const engine = await anEngine({ name: 'postgres' }, catalogueOf(bots, remedies), {
    database: { ...database, url: wire.url },
  });
  await nothingHeldOut(db);
  await sql`CREATE TABLE engine.lost_cases (component text PRIMARY KEY, kind text, closed boolean DEFAULT false)`.execute(
    db,
  );
  await sql`CREATE TABLE engine.lost_effects (id serial, key text, component text)`.execute(db);
  await sql`INSERT INTO engine.settings (key, value) VALUES ('world', ${JSON.stringify(world.url)}::jsonb)`.execute(
    db,
  );
  // Only what is lost is asked about here, and not how often healing may try.
  await sql`UPDATE engine.settings SET value = '{"heals_per_hour": 1000000}' WHERE key = 'budget'`.execute(
    db,
  );
  await sql`
    UPDATE engine.settings SET value = value || '{"heals_per_entry": 1000000, "heals_per_day": 1000000, "breaker_failures": 1000000,
      "storm_components": 1000000}' WHERE key = 'healing'`.execute(db);
  let made = 0;

  /** As if an hour had passed since the heals of this kind, so that they may be tried again. */
  const forgetCooldown = (kind: Kind) =>
    sql`UPDATE bot_actions SET taken_at = taken_at - interval '1 hour', applied_at = applied_at - interval '1 hour'
        WHERE remedy = ${`lost.${kind}`}`.execute(db);

  return {
    ...world,
    url: database.url,
    db,
    wire,
    engine,
    async cases(kind: Kind, count: number) {
      const names = Array.from({ length: count }, () => `${kind}-${++made}`);
      await sql`INSERT INTO engine.lost_cases (component, kind)
                SELECT c, ${kind} FROM unnest(${names}::text[]) c`.execute(db);
    },
    close: () => sql`UPDATE engine.lost_cases SET closed = true WHERE kind <> 'inside'`.execute(db),
    /** Two runs of each bot without any fault: what is left undone inside is done in the second. */
    async calm() {
      world.heard.done = () => true;
      for (const kind of kinds) {
        await run(engine, kind);
        if (kind === 'inside') await forgetCooldown(kind);
        await run(engine, kind);
      }
    },
    /** Fails where an effect was doubled, lost, or recorded without being there; says what was seen. */
    async agree() {
      const { rows } = await sql<{
        id: string;
        kind: string;
        component: string;
        state: string;
        applied: boolean;
      }>`
        SELECT id::text, split_part(remedy, '.', 2) AS kind, component, state, applied_at IS NOT NULL AS applied
        FROM bot_actions ORDER BY taken_at`.execute(db);
      const effects = await sql<{ key: string; component: string }>`
        SELECT key, component FROM engine.lost_effects`.execute(db);
      const keys = effects.rows.map(({ key }) => key);
      const inside = rows.filter(({ kind }) => kind === 'inside');
      const outside = rows.filter(({ kind }) => kind !== 'inside');
      // Inside: an application has its effect exactly once, and nothing else has one.
      expect(keys.toSorted()).toEqual(
        inside
          .filter(({ applied }) => applied)
          .map(({ id }) => id)
          .toSorted(),
      );
      const cured = effects.rows.map(({ component }) => component);
      expect(new Set(cured).size, 'no component was cured twice').toBe(cured.length);
      // Outside: no application was asked for twice, none that was recorded is missing.
      expect([...world.requests.key].filter(([, times]) => times > 1)).toEqual([]);
      for (const { id, applied } of outside)
        if (applied) expect(world.requests.key.get(id)).toBe(1);
      const doubted = outside.filter(({ state }) => state === 'unknown');
      expect(
        doubted.filter(({ component }) => world.requests.component.get(component) !== 1),
      ).toEqual([]);
      expect(doubted.filter(({ kind }) => kind !== 'cannot-tell')).toEqual([]);
      const unfinished = rows.filter(({ state }) => state === 'intent' || state === 'applied');
      expect(unfinished).toEqual([]);
      return {
        heals: rows.length,
        inside: keys.length,
        outside: world.requests.key.size,
        unknown: doubted.length,
      };
    },
    /** Every case inside was cured in the end. */
    async everyCaseInside() {
      const { rows } = await sql`
        SELECT component FROM engine.lost_cases c WHERE kind = 'inside'
          AND NOT EXISTS (SELECT FROM engine.lost_effects e WHERE e.component = c.component)`.execute(
        db,
      );
      expect(rows).toEqual([]);
    },
  };
}
