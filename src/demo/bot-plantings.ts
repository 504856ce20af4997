import { idOf, type Planting, type World } from './planting.ts';
import { day, hour } from './time.ts';

/** Every fictional bot runs every five minutes. */
const intervalMs = 300_000;
const runsADay = day / intervalMs;
export const fictionalBots = 12;

const names = 'atlas beacon cinder dorsal echo fjord gale hollow ivory jetty kelp lantern'.split(
  ' ',
);

/** Bots that no longer run, with their past runs and findings: data for lists, figures and pruning. */
export function botPlantings({ size, now }: World): Planting[] {
  const executions = fictionalBots * runsADay * size.days;
  const newest = Math.floor((now.getTime() - hour) / intervalMs) * intervalMs;
  const slotOf = (i: number) => new Date(newest - Math.floor(i / fictionalBots) * intervalMs);
  const findings = Math.ceil(executions / 50);

  return [
    {
      table: 'bots',
      columns: [
        'id',
        'name',
        'display_name',
        'description',
        'schedule_cron',
        'api_endpoint',
        'status',
        'status_reason',
        'total_runs',
        'successful_runs',
        'failed_runs',
        'avg_execution_time_ms',
        'last_execution_at',
      ],
      count: fictionalBots,
      row(i) {
        const total = runsADay * size.days;
        const failed = Math.floor(total / 100);
        return [
          idOf('bots', i),
          names[i]!,
          names[i]!,
          'A fictional bot with a past.',
          '*/5 * * * *',
          '/api/bots/conductor',
          'disabled',
          'fiction',
          total,
          total - failed,
          failed,
          120,
          slotOf(i),
        ];
      },
    },
    {
      table: 'bot_executions',
      columns: [
        'id',
        'bot_id',
        'status',
        'started_at',
        'completed_at',
        'execution_time_ms',
        'checks_performed',
        'issues_found',
        'actions_taken',
        'error_message',
        'metadata',
        'created_at',
        'scheduled_for',
        'trigger',
        'generation',
        'attempt',
        'queued_at',
        'reason',
      ],
      count: executions,
      row(i, chance) {
        const slot = slotOf(i);
        const ms = chance.between(20, 400);
        const failed = Math.floor(i / fictionalBots) % 100 === 99;
        const error = failed ? 'the check did not get an answer' : null;
        return [
          idOf('bot_executions', i),
          idOf('bots', i % fictionalBots),
          failed ? 'failed' : 'success',
          slot,
          new Date(slot.getTime() + ms),
          ms,
          3,
          Number(i % 50 === 0),
          0,
          error,
          { checks: [] },
          slot,
          slot,
          'schedule',
          1,
          1,
          slot,
          failed ? 'check errored' : null,
        ];
      },
    },
    {
      table: 'bot_findings',
      columns: [
        'id',
        'bot_id',
        'execution_id',
        'severity',
        'category',
        'title',
        'affected_component',
        'detected_at',
        'resolved_at',
        'resolution_method',
        'check_name',
        'component_key',
        'fingerprint',
        'last_seen_at',
        'last_execution_id',
        'last_fence',
      ],
      count: findings,
      row(i, chance) {
        const run = i * 50;
        const seen = slotOf(run);
        const component = `service-${chance.between(1, 30)}`;
        return [
          idOf('bot_findings', i),
          idOf('bots', run % fictionalBots),
          idOf('bot_executions', run),
          chance.pick(['high', 'medium', 'low']),
          'fiction',
          `${component} was slow`,
          component,
          seen,
          new Date(seen.getTime() + 600_000),
          chance.pick(['cleared', 'auto-fixed', 'manual']),
          'latency',
          component,
          `fiction-${i}`,
          seen,
          idOf('bot_executions', run),
          0,
        ];
      },
    },
  ];
}
