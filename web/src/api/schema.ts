// Made by scripts/write-client.ts from docs/openapi.json; a test compares the two.

/** RFC 9457 problem document */
export type Problem = {
  /** Where this kind of problem is explained */
  readonly type: string
  /** What happened, the same for every problem of this code */
  readonly title: string
  readonly status: number
  /** What happened this time, and the way out */
  readonly detail: string
  /** Stable; programs decide by this */
  readonly code:
    | 'configuration_invalid'
    | 'usage_invalid'
    | 'request_invalid'
    | 'week_invalid'
    | 'time_invalid'
    | 'week_refused'
    | 'source_unreachable'
    | 'source_denied'
    | 'source_schema'
    | 'source_zone'
    | 'import_invalid'
    | 'store_unreachable'
    | 'store_denied'
    | 'store_missing'
    | 'store_corrupt'
    | 'store_conflict'
    | 'temporal_unreachable'
    | 'run_unknown'
    | 'run_state'
    | 'training_failed'
    | 'training_diverged'
    | 'training_memory'
    | 'no_training_data'
    | 'parameter_invalid'
    | 'model_missing'
    | 'model_incompatible'
    | 'not_found'
    | 'unauthorized'
    | 'forbidden'
    | 'origin_refused'
    | 'media_type_unsupported'
    | 'body_too_large'
    | 'not_configured'
    | 'tool_missing'
    | 'port_taken'
    | 'internal'
  /** The path that was asked for */
  readonly instance: string
  /** The same as the x-request-id header and in the log */
  readonly request_id: string
  /** What is wrong with which parameter */
  readonly errors?: readonly {
    /** query, path, body or header */
    readonly in: string
    readonly name: string
    readonly message: string
  }[]
}

export type Recommendation = {
  readonly program_id: string
  readonly program_name: string | null
  readonly genre: string | null
  readonly age_limit: number | null
  /** Orders the titles of one list; has no unit and is not compared between lists */
  readonly score: number
  /** Why this title, in a few words */
  readonly reason: string
}

/** The best titles for one user */
export type Recommendations = {
  readonly user: string
  /** Model version: leads to its run and data */
  readonly model: string
  /** The week that the model was trained for */
  readonly week: string
  /** `personal`: this user's own order; `popular`: everyone's */
  readonly source: 'personal' | 'popular'
  /** Best first */
  readonly items: readonly Recommendation[]
}

/** The titles that most users watched */
export type Popular = {
  /** Model version: leads to its run and data */
  readonly model: string
  /** The week that the model was trained for */
  readonly week: string
  /** `personal`: this user's own order; `popular`: everyone's */
  readonly source: 'personal' | 'popular'
  /** Most watched first */
  readonly items: readonly Recommendation[]
}

export type Program = {
  readonly program_id: string
  readonly program_name: string | null
  readonly genre: string | null
  readonly age_limit: number | null
  readonly category: string | null
  readonly release_date: string | null
  /** Users who watched it, up to the week of the model */
  readonly viewers: number
  /** False where the catalogue lacks or excludes it */
  readonly recommendable: boolean
}

/** The titles that the serving model knows */
export type Programs = {
  /** Model version: leads to its run and data */
  readonly model: string
  /** The week that the model was trained for */
  readonly week: string
  /** Titles that pass the filter */
  readonly total: number
  /** Every genre that a filter may name */
  readonly genres: readonly string[]
  /** Most watched first */
  readonly items: readonly Program[]
}

/** What the user had watched when the model was trained */
export type History = {
  readonly user: string
  /** Model version: leads to its run and data */
  readonly model: string
  /** The week that the model was trained for */
  readonly week: string
  /** Whether the model knows this user */
  readonly known: boolean
  /** In catalogue order */
  readonly items: readonly {
    readonly program_id: string
    readonly program_name: string | null
    readonly genre: string | null
    readonly age_limit: number | null
  }[]
}

export type ModelSummary = {
  readonly version: string
  readonly week: string
  readonly algorithm: string
  readonly candidate: string
  readonly users: number
  readonly items: number
  readonly pairs: number
  readonly created_at: string
  /** Figures on the random hold-out */
  readonly metrics: { readonly [name: string]: number }
  /** Whether this process answers from it now */
  readonly serving: boolean
}

/** Models of the store, newest week first */
export type Models = {
  readonly items: readonly ModelSummary[]
}

/** Everything that is written down of a model: data digests, parameters, candidates measured, the choice and why */
export type ModelDetail = {
  readonly format: 1
  readonly version: string
  readonly week: string
  readonly algorithm: string
  readonly candidate: string
  readonly parameters: { readonly [name: string]: number | boolean }
  readonly seed: number
  readonly users: number
  readonly items: number
  readonly pairs: number
  readonly created_at: string
  readonly run: {
    readonly workflow_id: string
    readonly run_id: string
  }
  readonly code_version: string
  readonly data: {
    readonly features: string
    readonly raw: { readonly [name: string]: string }
  }
  readonly choice: {
    readonly candidate: string
    readonly by: 'random' | 'time'
    readonly metric: string
    /** In words that an operator understands */
    readonly reason: string
  }
  readonly splits: readonly {
    readonly kind: 'random' | 'time'
    readonly description: string
    readonly seed?: number
    readonly train_pairs: number
    readonly test_pairs: number
    readonly test_users: number
    readonly candidates: readonly {
      /** Name of the candidate, such as warp or popularity-4-weeks */
      readonly candidate: string
      readonly algorithm: string
      readonly parameters: { readonly [name: string]: number | boolean }
      readonly seconds: {
        readonly train: number
        readonly rank: number
      }
      readonly metrics: { readonly [name: string]: number }
    }[]
  }[]
  readonly metrics: { readonly [name: string]: number }
  readonly files: {
    readonly [name: string]: {
      /** SHA-256, lower-case hex */
      readonly sha256: string
      readonly bytes: number
    }
  }
  readonly serving: boolean
}

/** Everything measured, by week, oldest first */
export type MetricsOfWeeks = {
  readonly items: readonly {
    readonly format: 1
    readonly week: string
    readonly version: string
    readonly algorithm: string
    readonly candidate: string
    readonly parameters: { readonly [name: string]: number | boolean }
    readonly measured_at: string
    readonly choice: {
      readonly candidate: string
      readonly by: 'random' | 'time'
      readonly metric: string
      /** In words that an operator understands */
      readonly reason: string
    }
    readonly splits: readonly {
      readonly kind: 'random' | 'time'
      readonly description: string
      readonly seed?: number
      readonly train_pairs: number
      readonly test_pairs: number
      readonly test_users: number
      readonly candidates: readonly {
        /** Name of the candidate, such as warp or popularity-4-weeks */
        readonly candidate: string
        readonly algorithm: string
        readonly parameters: { readonly [name: string]: number | boolean }
        readonly seconds: {
          readonly train: number
          readonly rank: number
        }
        readonly metrics: { readonly [name: string]: number }
      }[]
    }[]
    readonly all_diversity: number | null
  }[]
}

export type Health = {
  readonly status: 'ok'
}

export type Readiness = {
  readonly status: 'ready'
  /** Model version: leads to its run and data */
  readonly model: string
  /** The week that the model was trained for */
  readonly week: string
  /** `cache`: the local copy, while the store has not confirmed it */
  readonly origin: 'store' | 'cache'
  readonly problem: {
    readonly code: string
    readonly detail: string
    readonly version: string | null
    readonly since: string
  } | null
}

/** As the first version took it */
export type FirstVersionEntry = {
  /** One answer a question: a whole number from 0 to the number of its options */
  readonly entry: readonly number[]
}

/** As the first version gave it */
export type FirstVersionAnswer = {
  readonly recommendedMysfit: string
}

export type QuestionnaireEntry = {
  /** One answer a question: a whole number from 0 to the number of its options */
  readonly entry: readonly number[]
  /** Whether to tell those of all labels */
  readonly probabilities?: boolean
}

/** The label for the answers given */
export type QuestionnaireAnswer = {
  /** Model version: leads to its run and data */
  readonly model: string
  readonly id: string
  readonly name: string | null
  readonly probability: number
  /** Of all labels, the most probable first */
  readonly probabilities?: readonly {
    readonly id: string
    readonly name: string | null
    readonly probability: number
  }[]
}

/** Questions and options, for a form */
export type Questionnaire = {
  /** Model version: leads to its run and data */
  readonly model: string
  /** What the model is worth, in a sentence */
  readonly verdict: string
  /** In the order of an entry */
  readonly questions: readonly {
    readonly id: string
    readonly text: {
      readonly ko: string
      readonly en: string
    }
    readonly options: readonly {
      /** What an entry holds for it */
      readonly value: number
      readonly text: {
        readonly ko: string
        readonly en: string
      }
    }[]
  }[]
  readonly labels: readonly {
    readonly id: string
    readonly name: string | null
  }[]
}

export interface Operations {
  /** Whether the process answers at all */
  readonly getHealth: {
    readonly answer: Health
  }
  /** Whether a model is loaded, which one, and why a newer one is not */
  readonly getReadiness: {
    readonly answer: Readiness
  }
  /** The best titles for one user */
  readonly getRecommendations: {
    readonly path: {
      /** Subscriber (`subsr_id`) */
      readonly id: string
    }
    readonly query?: {
      /** How many titles at most */
      readonly k?: number
      /** Only titles of these genres (`program_genre`): repeated, or separated by commas */
      readonly genre?: readonly string[]
      /** Only titles with an age limit up to this; a title without a known age limit is left out */
      readonly max_age?: number
      /** Leave out titles that the user has watched */
      readonly exclude_seen?: boolean
      /** For inspectors: ask this version in place of the one that serves */
      readonly model?: string
    }
    readonly answer: Recommendations
  }
  /** The titles that most users watched */
  readonly getPopular: {
    readonly query?: {
      /** How many titles at most */
      readonly k?: number
      /** Only titles of these genres (`program_genre`): repeated, or separated by commas */
      readonly genre?: readonly string[]
      /** Only titles with an age limit up to this; a title without a known age limit is left out */
      readonly max_age?: number
    }
    readonly answer: Popular
  }
  /** The titles that may be recommended, most watched first */
  readonly listPrograms: {
    readonly query?: {
      /** Only titles whose name has this in it */
      readonly q?: string
      /** Only titles of these genres (`program_genre`): repeated, or separated by commas */
      readonly genre?: readonly string[]
      /** Only titles with an age limit up to this; a title without a known age limit is left out */
      readonly max_age?: number
      readonly limit?: number
      readonly offset?: number
    }
    readonly answer: Programs
  }
  /** One title */
  readonly getProgram: {
    readonly path: {
      /** Title (`program_id`) */
      readonly id: string
    }
    readonly answer: Program
  }
  /** What a user had watched when the model was trained */
  readonly getHistory: {
    readonly path: {
      /** Subscriber (`subsr_id`) */
      readonly id: string
    }
    readonly answer: History
  }
  /** The models of the store, newest week first */
  readonly listModels: {
    readonly answer: Models
  }
  /** The model that serves now */
  readonly getLatestModel: {
    readonly answer: ModelDetail
  }
  /** Everything that is written down of one model */
  readonly getModel: {
    readonly path: {
      /** Model version */
      readonly version: string
    }
    readonly answer: ModelDetail
  }
  /** Everything measured, by week, oldest first */
  readonly listMetrics: {
    readonly answer: MetricsOfWeeks
  }
  /** Questions and options of the model that serves, for a form */
  readonly getQuestionnaire: {
    readonly answer: Questionnaire
  }
  /** The label for the answers given, and how probable it is */
  readonly answerQuestionnaire: {
    readonly body: QuestionnaireEntry
    readonly answer: QuestionnaireAnswer
  }
  /** The label for the answers given, for the first version's clients */
  readonly recommendMysfit: {
    readonly body: FirstVersionEntry
    readonly answer: FirstVersionAnswer
  }
}

export const routes = {
  getHealth: { method: 'GET', path: '/healthz' },
  getReadiness: { method: 'GET', path: '/readyz' },
  getRecommendations: { method: 'GET', path: '/v1/users/{id}/recommendations' },
  getPopular: { method: 'GET', path: '/v1/popular' },
  listPrograms: { method: 'GET', path: '/v1/programs' },
  getProgram: { method: 'GET', path: '/v1/programs/{id}' },
  getHistory: { method: 'GET', path: '/v1/users/{id}/history' },
  listModels: { method: 'GET', path: '/v1/models' },
  getLatestModel: { method: 'GET', path: '/v1/models/latest' },
  getModel: { method: 'GET', path: '/v1/models/{version}' },
  listMetrics: { method: 'GET', path: '/v1/metrics' },
  getQuestionnaire: { method: 'GET', path: '/v1/questionnaire' },
  answerQuestionnaire: { method: 'POST', path: '/v1/questionnaire' },
  recommendMysfit: { method: 'POST', path: '/recommendations' },
} as const satisfies { readonly [Name in keyof Operations]: { readonly method: string; readonly path: string } }
