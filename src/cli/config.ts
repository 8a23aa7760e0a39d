/** `matinee config`: what is in force, secrets masked. */
import { Command } from 'commander'
import { describeDatabase, describeStore } from '../config/locations.ts'
import type { Config, VariableName } from '../config/environment.ts'
import type { CliContext } from './context.ts'

export function configCommand({ config, out }: CliContext): Command {
  return new Command('config')
    .description('Print the configuration in force, secrets masked.')
    .option('--json', 'print as JSON')
    .action((options: { json?: true }) => {
      const shown = shownConfig(config())
      out(
        options.json
          ? JSON.stringify(shown)
          : Object.entries(shown)
              .map(([name, value]) => `${name}=${value}`)
              .join('\n'),
      )
    })
}

const MASKED = '***'

/** Variables as they are in force; a password, key or webhook is never among them. */
export function shownConfig(
  config: Config,
): Record<Exclude<VariableName, 'MATINEE_DATABASE_PASSWORD_FILE'> | 'TEMPORAL_ADDRESS' | 'TEMPORAL_NAMESPACE', string> {
  return {
    MATINEE_DATABASE_URL: describeDatabase(config.database),
    MATINEE_DATABASE_PASSWORD: config.database.kind === 'mysql' && config.database.password !== '' ? MASKED : '',
    MATINEE_COLUMN_MAPPING: JSON.stringify(config.columnMapping),
    MATINEE_DATA_GATE: JSON.stringify(config.gate),
    MATINEE_STORE_URL: describeStore(config.store),
    MATINEE_TIME_ZONE: config.timeZone,
    MATINEE_SCHEDULE: config.schedule,
    MATINEE_TASK_QUEUE: config.taskQueue,
    MATINEE_FIRST_WEEK: config.firstWeek ?? '',
    MATINEE_EVENTS_URL: config.events === undefined ? '' : describeDatabase(config.events),
    MATINEE_MEMORY_MIB: String(config.memoryMib),
    MATINEE_HOLD_HOURS: String(config.holdHours),
    MATINEE_TEMPORAL_UI: config.temporalUi ?? '',
    MATINEE_WEBHOOK_URL: config.webhookUrl === undefined ? '' : MASKED,
    MATINEE_CORS_ORIGINS: config.corsOrigins.join(','),
    MATINEE_TRAINING_THREADS: String(config.trainingThreads),
    MATINEE_SEARCH_SECONDS: String(config.searchSeconds),
    MATINEE_SEARCH_FITS: String(config.searchFits),
    MATINEE_API_HOST: config.api.host,
    MATINEE_API_PORT: String(config.api.port),
    MATINEE_API_KEYS: config.api.keys.map(({ name, role }) => `${name}:${role}:${MASKED}`).join(','),
    TEMPORAL_ADDRESS: config.temporal.address,
    TEMPORAL_NAMESPACE: config.temporal.namespace,
  }
}
