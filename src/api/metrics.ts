/** What Prometheus reads at `/metrics`. No label holds an id of a user or a title. */
import type { FastifyInstance } from 'fastify'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { ListingHolder } from './listing.ts'
import type { ServingModels } from './model-holder.ts'

export interface ApiMetrics {
  readonly registry: Registry
  readonly recommendations: Counter<'source'>
}

export function createMetrics(models: ServingModels, listings?: Pick<ListingHolder, 'current'>): ApiMetrics {
  const registry = new Registry()
  const gauge = (name: string, help: string, value: () => number): void => {
    registry.registerMetric(
      new Gauge({
        name,
        help,
        registers: [],
        collect() {
          this.set(value())
        },
      }),
    )
  }
  const counter = (name: string, help: string, value: () => number): void => {
    registry.registerMetric(
      new Counter({
        name,
        help,
        registers: [],
        collect() {
          this.reset()
          this.inc(value())
        },
      }),
    )
  }
  gauge('matinee_model_loaded', '1 where a model serves', () => (models.status().serving === undefined ? 0 : 1))
  gauge('matinee_model_from_copy', '1 where the serving model came from the local copy and the store has not confirmed it', () =>
    models.status().origin === 'cache' ? 1 : 0,
  )
  counter('matinee_model_swaps_total', 'Models that have begun to serve', () => models.status().swaps)
  counter('matinee_model_failed_loads_total', 'Attempts to load a model that failed', () => models.status().failedLoads)
  gauge(
    'matinee_model_checked_timestamp_seconds',
    'When the store last answered what should serve; 0 before the first time',
    () => (models.status().checkedMs ?? 0) / 1000,
  )
  gauge(
    'matinee_catalogue_timestamp_seconds',
    'When the catalogue that is in force was asked of the source; 0 where only that of the training is',
    () => (listings?.current()?.takenMs ?? 0) / 1000,
  )
  registry.registerMetric(
    new Gauge({
      name: 'matinee_model_info',
      help: 'The serving model; always 1',
      labelNames: ['version', 'week', 'algorithm'],
      registers: [],
      collect() {
        this.reset()
        const manifest = models.status().serving?.manifest
        if (manifest !== undefined) this.set({ version: manifest.version, week: manifest.week, algorithm: manifest.algorithm }, 1)
      },
    }),
  )
  registry.registerMetric(
    new Gauge({
      name: 'matinee_model_problem',
      help: '1 while the model that should serve does not, by error code',
      labelNames: ['code'],
      registers: [],
      collect() {
        this.reset()
        const problem = models.status().problem
        if (problem !== undefined) this.set({ code: problem.code }, 1)
      },
    }),
  )
  return {
    registry,
    recommendations: new Counter({
      name: 'matinee_recommendations_total',
      help: 'Recommendation lists given, by source',
      labelNames: ['source'],
      registers: [registry],
    }),
  }
}

/** Times every request by its route's pattern, so that the number of series does not grow with what is asked for. */
export function measureRequests(app: FastifyInstance, registry: Registry): void {
  const seconds = new Histogram({
    name: 'matinee_http_request_duration_seconds',
    help: 'Time from the arrival of a request to the end of its answer',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  })
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.is404 ? 'none' : (request.routeOptions.url ?? 'none')
    seconds.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000)
    done()
  })
}
