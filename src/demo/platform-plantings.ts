import { apps } from './apps.ts';
import { bookingOfUse, usesOf } from './bookings.ts';
import type { Chance } from './chance.ts';
import { idOf, timeWithin, type Planting, type World } from './planting.ts';

const words = 'amber brisk cedar delta ember frost grove harbor iris juno kite lumen'.split(' ');
const endpoints = ['apps', 'session', 'credits', 'profile', 'search', 'chat', 'games', 'uploads'];
const providers = ['openai', 'anthropic', 'google', 'perplexity'];

/** The rows about what the platform offers, how it is used, and what it logs. */
export function platformPlantings({ size, now }: World): Planting[] {
  const { profiles } = size;
  const someone = (chance: Chance) => idOf('profiles', chance.between(0, profiles - 1));
  const anApp = (chance: Chance) => idOf('app_catalog', chance.between(0, size.apps - 1));
  const aTool = (chance: Chance) => idOf('tools_catalog', chance.between(0, size.tools - 1));
  const aGame = (chance: Chance) => idOf('games_catalog', chance.between(0, size.games - 1));
  const projects = Math.ceil(profiles / 2);
  const uses = usesOf(size);
  const title = (i: number) => `${words[i % words.length]} ${words[(i * 5 + 3) % words.length]}`;

  return [
    {
      table: 'app_catalog',
      columns: ['id', 'slug', 'name', 'category', 'credit_cost', 'status'],
      count: size.apps,
      row(i) {
        const { name, category, credit_cost } = apps[i % apps.length]!;
        const status = i % 15 === 14 ? 'beta' : 'active';
        return [
          idOf('app_catalog', i),
          `app-${i + 1}`,
          `${name} ${i + 1}`,
          category,
          credit_cost,
          status,
        ];
      },
    },
    {
      table: 'tools_catalog',
      columns: ['id', 'app_id', 'slug', 'name', 'credit_cost'],
      count: size.tools,
      row: (i, chance) => [
        idOf('tools_catalog', i),
        idOf('app_catalog', i % size.apps),
        `tool-${i + 1}`,
        title(i),
        chance.between(1, 9),
      ],
    },
    {
      table: 'games_catalog',
      columns: [
        'id',
        'slug',
        'name',
        'category',
        'is_premium',
        'credit_cost',
        'rating',
        'play_count',
      ],
      count: size.games,
      row: (i, chance) => [
        idOf('games_catalog', i),
        `game-${i + 1}`,
        title(i),
        chance.pick(['puzzle', 'racing', 'cards', 'quiz']),
        i % 10 === 0,
        i % 10 === 0 ? 5 : 0,
        (chance.between(200, 500) / 100).toFixed(2),
        chance.between(0, 10_000),
      ],
    },
    {
      table: 'app_usage',
      columns: ['user_id', 'app_id', 'credits_used', 'execution_time_ms', 'success', 'created_at'],
      count: uses + Math.ceil(uses / 40),
      // Each booking of a use has its use; after them come uses that failed, which cost nothing.
      row(i, chance) {
        const succeeds = i < uses;
        const booking = succeeds ? bookingOfUse(size, now, i) : null;
        return [
          booking ? idOf('profiles', booking.user) : someone(chance),
          anApp(chance),
          booking ? -booking.amount : 0,
          chance.between(50, 4_000),
          succeeds,
          booking?.created_at ?? timeWithin(chance, now, 27),
        ];
      },
    },
    {
      table: 'tools_usage',
      columns: ['user_id', 'tool_id', 'credits_used', 'created_at'],
      count: profiles * 3,
      row: (_, chance) => [
        someone(chance),
        aTool(chance),
        chance.between(1, 9),
        timeWithin(chance, now, 30),
      ],
    },
    {
      table: 'game_sessions',
      columns: ['user_id', 'game_id', 'started_at', 'duration_seconds', 'score', 'completed'],
      count: profiles * 4,
      row: (_, chance) => [
        someone(chance),
        aGame(chance),
        timeWithin(chance, now, 30),
        chance.between(20, 3_000),
        chance.between(0, 100_000),
        chance.next() < 0.6,
      ],
    },
    {
      table: 'game_leaderboards',
      columns: ['game_id', 'user_id', 'score', 'achieved_at'],
      count: profiles * 2,
      // Each user has a best score in two games.
      row: (i, chance) => [
        idOf('games_catalog', (i * 7) % size.games),
        idOf('profiles', Math.floor(i / 2)),
        chance.between(0, 100_000),
        timeWithin(chance, now, 30),
      ],
    },
    {
      table: 'javari_projects',
      columns: ['id', 'user_id', 'name', 'status', 'created_at'],
      count: projects,
      row: (i, chance) => [
        idOf('javari_projects', i),
        idOf('profiles', i),
        title(i),
        chance.pick(['active', 'active', 'archived', 'completed']),
        timeWithin(chance, now, 200),
      ],
    },
    {
      table: 'javari_conversations',
      columns: [
        'user_id',
        'project_id',
        'provider',
        'model',
        'messages',
        'response',
        'tokens_used',
        'cost_cents',
        'created_at',
      ],
      count: profiles * 2,
      row(i, chance) {
        const user = i % projects;
        return [
          idOf('profiles', user),
          idOf('javari_projects', user),
          chance.pick(providers),
          'model-1',
          [{ role: 'user', content: title(i) }],
          title(i + 1),
          chance.between(50, 4_000),
          chance.between(1, 40),
          timeWithin(chance, now, 60),
        ];
      },
    },
    {
      table: 'javari_usage_stats',
      columns: [
        'user_id',
        'provider',
        'model',
        'input_tokens',
        'output_tokens',
        'total_tokens',
        'cost_cents',
        'success',
        'created_at',
      ],
      count: profiles * 2,
      row(_, chance) {
        const [input, output] = [chance.between(10, 2_000), chance.between(10, 2_000)];
        return [
          someone(chance),
          chance.pick(providers),
          'model-1',
          input,
          output,
          input + output,
          chance.between(1, 40),
          chance.next() < 0.98,
          timeWithin(chance, now, 60),
        ];
      },
    },
    {
      table: 'page_views',
      columns: ['user_id', 'page_path', 'user_agent', 'created_at'],
      count: profiles * 10,
      row: (_, chance) => [
        chance.next() < 0.6 ? someone(chance) : null,
        `/${chance.pick(words)}/${chance.between(1, 40)}`,
        'Firefox on Linux',
        timeWithin(chance, now, 30),
      ],
    },
    {
      table: 'api_logs',
      columns: [
        'user_id',
        'endpoint',
        'method',
        'status_code',
        'response_time_ms',
        'ip_address',
        'created_at',
      ],
      count: size.apiLogs,
      row(_, chance) {
        const failed = chance.next();
        const status = failed < 0.002 ? 500 : failed < 0.02 ? 404 : 200;
        return [
          chance.next() < 0.5 ? someone(chance) : null,
          `/api/${chance.pick(endpoints)}/${chance.between(1, 25)}`,
          chance.pick(['GET', 'GET', 'GET', 'POST']),
          status,
          chance.between(5, 400),
          `192.0.2.${chance.between(1, 254)}`,
          timeWithin(chance, now, 30),
        ];
      },
    },
    {
      table: 'error_logs',
      columns: ['error_type', 'error_message', 'context', 'created_at'],
      count: Math.ceil(size.apiLogs / 100),
      row: (_, chance) => [
        `app.${chance.pick(words)}`,
        `${chance.pick(words)} did not answer`,
        { attempt: chance.between(1, 3) },
        timeWithin(chance, now, 30),
      ],
    },
  ];
}
