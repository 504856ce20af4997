/**
 * The columns of each list, as `--columns` and `--sort` take them: those that it prints for other programs. They stand here once more,
 * because completion loads no list; a test compares them with the lists.
 */
const columns: Record<string, string> = {
  'actions list': 'id taken_at state remedy risk component knowledge bot action_description',
  'bots catalogue': 'name endpoint description',
  'bots list': 'name status schedule_cron last_run last_status next_execution_at open_findings',
  'bots next': 'name next_execution_at schedule_cron maintenance',
  'db backups': 'id began_at outcome bytes rows proof encrypted place',
  'errors list':
    'id errors errors_an_hour users error_type template first_seen_at last_seen_at muted_until muted_reason',
  'findings list':
    'id severity title affected_component bot last_seen_at occurrences ticket state resolved_at ticket_stands_for',
  'jobs history':
    'id scheduled_for trigger status at took_ms host figures why attempt requested_by',
  'jobs list': 'name title schedule next_slot_at last_run last_status took_ms failures runs',
  'knowledge history': 'created_at event component change figures actor',
  'knowledge list':
    'name category autonomy enabled times_applied times_successful success_rate last_used_at',
  'knowledge stats':
    'name autonomy decided held relapsed failed lower untouched_recovered lift last_relapse untouched_persisted',
  'knowledge verify': 'name column is ought',
  limits: 'name value usual meaning',
  'maintenance list':
    'id what open_findings starts_at schedule_cron owner reason ends_at ended_at in_force pending_tickets skip_runs',
  'notify list':
    'id ticket_number channel status attempts sent_at why error_message send_after created_at kind report_day',
  'retention preview': 'table keep_days rows oldest bytes stays why_not setting',
  'runs list':
    'id bot status trigger started_at execution_time_ms checks_performed issues_found why queued_at run_after cancel_reason error_message',
  'secrets list': 'name from closed changed_at changed_by used_by',
  settings: 'name value meaning',
  'silences list':
    'id what title open_findings expires_at owner created_at reason until_resolved ended_at',
  'sources list': 'name kind status problem deliveries unread last_received_at secrets url',
  'tickets history': 'created_at event actor detail',
  'tickets list':
    'number severity title bot status reopened_at assigned_to created_at respond_by quiet response snoozed_until snoozed_times_left survivor',
};

/** `command`: as it is typed, such as `tickets list`. */
export const columnsOf = (command: string): readonly string[] => columns[command]?.split(' ') ?? [];
