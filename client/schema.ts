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
    | 'catalogue_refused'
    | 'import_invalid'
    | 'store_unreachable'
    | 'store_denied'
    | 'store_missing'
    | 'store_corrupt'
    | 'store_conflict'
    | 'temporal_unreachable'
    | 'events_unreachable'
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
    | 'rate_limited'
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
  /** Orders the titles of one list, to nine digits; has no unit and is not compared between lists */
  readonly score: number
  /** Why this title, in a few words: `because you watched X` or, where X was only clicked, `because you looked at X`; `like X`; `for you`, `popular`, `trending`, `new`, `continue watching` or `next episode` */
  readonly reason: string
  /** The title of the history that adds most to the score; absent where none does */
  readonly because?: {
    readonly program_id: string
    readonly program_name: string | null
  }
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

/** The best titles for each of several users */
export type BatchRecommendations = {
  /** Model version: leads to its run and data */
  readonly model: string
  /** The week that the model was trained for */
  readonly week: string
  /** One a user, in the order asked */
  readonly lists: readonly {
    readonly user: string
    /** `personal`: this user's own order; `popular`: everyone's */
    readonly source: 'personal' | 'popular'
    readonly items: readonly Recommendation[]
  }[]
}

/** The best titles for someone with the given history */
export type HistoryRecommendations = {
  /** Model version: leads to its run and data */
  readonly model: string
  /** The week that the model was trained for */
  readonly week: string
  /** `personal`: this user's own order; `popular`: everyone's */
  readonly source: 'personal' | 'popular'
  /** Titles of the history that the model does not know */
  readonly unknown: readonly string[]
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
  /** Most watched first; `score` is the number of users */
  readonly items: readonly Recommendation[]
}

/** Titles like one title */
export type Similar = {
  readonly program_id: string
  readonly program_name: string | null
  /** Model version: leads to its run and data */
  readonly model: string
  /** The week that the model was trained for */
  readonly week: string
  /** What likeness is measured by: the model's factors, viewers in common, or, where there are neither, the genre */
  readonly by: 'factors' | 'viewers' | 'genre'
  /** Most alike first; `score` is a cosine */
  readonly items: readonly Recommendation[]
}

export type HomeRow = {
  /** What the row is */
  readonly kind: 'continue_watching' | 'for_you' | 'because_you_watched' | 'trending' | 'new' | 'genre'
  /** A heading in English; clients with other languages make theirs from `kind`, `because` and `genre` */
  readonly title: string
  readonly because?: {
    readonly program_id: string
    readonly program_name: string | null
  }
  readonly genre?: string
  readonly items: readonly {
    readonly program_id: string
    readonly program_name: string | null
    readonly genre: string | null
    readonly age_limit: number | null
    /** Orders the titles of one list, to nine digits; has no unit and is not compared between lists */
    readonly score: number
    /** Why this title, in a few words: `because you watched X` or, where X was only clicked, `because you looked at X`; `like X`; `for you`, `popular`, `trending`, `new`, `continue watching` or `next episode` */
    readonly reason: string
    /** The title of the history that adds most to the score; absent where none does */
    readonly because?: {
      readonly program_id: string
      readonly program_name: string | null
    }
    readonly episode?: string | null
    /** Of `continue_watching`: how much of that episode was watched, 0 to 1; 0 for a next episode */
    readonly watched_share?: number
  }[]
}

/** A home page; no title stands in two rows */
export type Rows = {
  readonly user: string
  /** Model version: leads to its run and data */
  readonly model: string
  /** The week that the model was trained for */
  readonly week: string
  /** `personal`: this user's own order; `popular`: everyone's */
  readonly source: 'personal' | 'popular'
  /** From top to bottom; none is empty */
  readonly rows: readonly HomeRow[]
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

/** What the user has watched */
export type History = {
  readonly user: string
  /** Model version: leads to its run and data */
  readonly model: string
  /** The week that the model was trained for */
  readonly week: string
  /** Whether the model knows this user */
  readonly known: boolean
  /** What came as events first, the latest before; then in catalogue order */
  readonly items: readonly {
    readonly program_id: string
    readonly program_name: string | null
    readonly genre: string | null
    readonly age_limit: number | null
    /** Whether the viewing was there when the model was trained, or came as an event */
    readonly from: 'model' | 'events'
  }[]
}

/** Users whom the serving model knows */
export type Users = {
  /** Model version: leads to its run and data */
  readonly model: string
  /** The week that the model was trained for */
  readonly week: string
  /** Users that the model knows */
  readonly total: number
  readonly items: readonly {
    readonly user: string
    /** Titles watched when the model was trained */
    readonly watched: number
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
    readonly bootstrap?: {
      readonly level: number
      readonly resamples: number
      readonly seed: number
    }
    readonly segments?: { readonly [name: string]: string }
    readonly segment_bounds?: {
      readonly [name: string]: {
        /** Least number of titles that a user watched in training */
        readonly from?: number
        /** Greatest number; absent: no end */
        readonly to?: number
        /** What tells titles for children */
        readonly by?: 'category' | 'age_limit'
      }
    }
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
      readonly intervals?: readonly {
        readonly metric: string
        /** Name of the other candidate */
        readonly against: string
        /** Of the means: above 0 where this candidate has more */
        readonly difference: number
        readonly low: number
        readonly high: number
      }[]
      readonly segments?: { readonly [name: string]: { readonly [name: string]: number } }
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
      readonly bootstrap?: {
        readonly level: number
        readonly resamples: number
        readonly seed: number
      }
      readonly segments?: { readonly [name: string]: string }
      readonly segment_bounds?: {
        readonly [name: string]: {
          /** Least number of titles that a user watched in training */
          readonly from?: number
          /** Greatest number; absent: no end */
          readonly to?: number
          /** What tells titles for children */
          readonly by?: 'category' | 'age_limit'
        }
      }
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
        readonly intervals?: readonly {
          readonly metric: string
          /** Name of the other candidate */
          readonly against: string
          /** Of the means: above 0 where this candidate has more */
          readonly difference: number
          readonly low: number
          readonly high: number
        }[]
        readonly segments?: { readonly [name: string]: { readonly [name: string]: number } }
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

/** Something that a user did with a title */
export type ViewerEvent = {
  /** Made by the client, such as a UUID; the same event sent again has the same and counts once */
  readonly event_id: string
  /** `viewing`: watched; `click`: looked at; `dismissal`: do not show it again */
  readonly type: 'viewing' | 'click' | 'dismissal'
  /** Subscriber (`subsr_id`) */
  readonly user: string
  /** Title (`program_id`) */
  readonly program_id: string
  /** When it happened (RFC 3339); absent: now. At most 7 days ago and at most 5 minutes ahead */
  readonly at?: string
  readonly episode_num?: string | null
  readonly use_tms?: number | null
  readonly disp_rtm_sec?: number | null
}

/** What became of each event */
export type EventsAnswer = {
  /** Events that are durable now and count from the next request on */
  readonly accepted: number
  /** Events that were there already */
  readonly repeated: number
  /** Events that are not stored; sending them again unchanged does not help */
  readonly refused: readonly {
    /** Place in the request, from 0 */
    readonly index: number
    readonly event_id: string | null
    /** `conflict`: the id belongs to another event */
    readonly reason: 'malformed' | 'late' | 'future' | 'conflict'
    readonly detail: string
  }[]
}

export type Run = {
  readonly week: string | null
  readonly workflow_id: string
  readonly run_id: string
  /** Temporal's: RUNNING, COMPLETED, FAILED, … */
  readonly status: string
  readonly stage: string | null
  readonly outcome: string | null
  readonly model: string | null
  readonly started_at: string
  readonly ended_at: string | null
  readonly url: string | null
}

/** Runs of the weekly retraining, newest first */
export type Runs = {
  readonly items: readonly Run[]
}

/** The schedule of the weekly run */
export type Schedule = {
  readonly next_at: string | null
  readonly paused: boolean
  readonly note: string | null
}

/** Where a run is. Needs a live worker */
export type RunDetail = {
  readonly workflow_id: string
  readonly run_id: string
  readonly status: string
  readonly stage: string
  readonly outcome: string | null
  readonly model: string | null
  readonly held_until: string | null
  /** What a gate found */
  readonly breaches: readonly {
    readonly check: string
    readonly detail: string
    /** The same as fields; absent in runs of earlier versions */
    readonly finding?: {
      readonly code:
        | 'too_few'
        | 'too_many'
        | 'days_without_rows'
        | 'bad_row'
        | 'excluded'
        | 'bad_duration'
        | 'bad_use'
        | 'repeats'
        | 'unknown_programs'
        | 'unknown_users'
        | 'future_rows'
        | 'no_better_than_chance'
      readonly log?: 'viewings' | 'clicks'
      readonly rows?: number
      /** Rows of the week; of a volume, the median of the weeks before */
      readonly of?: number
      /** What is allowed: a share of `of`, or a count where there is none */
      readonly limit?: number
      /** The days in question; of `future_rows` the first that is too late */
      readonly days?: readonly string[]
    }
  }[]
  readonly stages: readonly {
    readonly name: string
    /** How far it is */
    readonly state: 'waiting' | 'running' | 'done' | 'failed'
    readonly started_at: string | null
    readonly ended_at: string | null
    readonly detail: string | null
    /** The same as fields; empty in runs of earlier versions */
    readonly figures: readonly {
      /** What it is: `rows`, `pairs`, `ndcg@10`, `version`, … */
      readonly name: string
      /** A table or a candidate */
      readonly of?: string
      /** What it was measured on */
      readonly split?: 'random' | 'time'
      readonly value: number | string
    }[]
  }[]
}

export type RunAnswer = {
  readonly workflow_id: string
  /** What was done, in words */
  readonly said: string
}

/** What preprocessing found in the data of a week */
export type DataQuality = {
  readonly week: string
  /** Digest that the week’s features lie under */
  readonly features: string
  /** Every row that was dropped, counted by reason, and what was left */
  readonly report: {
    readonly week: string
    readonly vods_bad_row: number
    readonly vods_in: number
    readonly vods_excluded: number
    readonly conts_bad_row: number
    readonly conts_in: number
    readonly conts_excluded: number
    readonly vods_bad_duration: number
    readonly vods_bad_use: number
    readonly vods_repeat: number
    readonly conts_repeat: number
    readonly programs_in: number
    readonly programs_bad_row: number
    readonly programs_excluded: number
    readonly programs_repeat: number
    readonly users_in: number
    readonly users_bad_row: number
    readonly users_excluded: number
    readonly users_repeat: number
    readonly click_cnt_cap: number | null
    readonly watch_cnt_cap: number | null
    readonly pairs: number
    readonly watched_pairs: number
    readonly users: number
    readonly programs: number
    readonly events?: {
      readonly read: number
      /** Alike in all but their id */
      readonly repeats: number
      /** These do not train */
      readonly dismissals: number
      /** Whose user, title and day the source has a viewing of */
      readonly viewings_in_source: number
      readonly viewings_used: number
      /** Whose user, title and day the source has a click of */
      readonly clicks_in_source: number
      readonly clicks_used: number
    }
    readonly quality: {
      readonly viewings: {
        readonly rows: number
        readonly fates: { readonly [name: string]: number }
        readonly repeats: number
        readonly days_without_rows: readonly string[]
        readonly unknown_programs: number
        readonly unknown_users: number
        readonly weeks: readonly {
          readonly week_start: string
          readonly rows: number
        }[]
        readonly examples: { readonly [name: string]: readonly { readonly [name: string]: unknown }[] }
      }
      readonly clicks: {
        readonly rows: number
        readonly fates: { readonly [name: string]: number }
        readonly repeats: number
        readonly days_without_rows: readonly string[]
        readonly unknown_programs: number
        readonly unknown_users: number
        readonly weeks: readonly {
          readonly week_start: string
          readonly rows: number
        }[]
        readonly examples: { readonly [name: string]: readonly { readonly [name: string]: unknown }[] }
      }
    }
  }
  /** What the data gate allows, as this server is set: shares of the week’s rows, but for volumes, which are of the median of the weeks before */
  readonly thresholds: {
    /** Rows of the week, of the median of the weeks before */
    readonly least_volume: number
    /** The same, upwards */
    readonly most_volume: number
    /** With fewer weeks before, volume is not judged */
    readonly least_weeks_before: number
    readonly most_days_without_rows: number
    /** Rows without user, programme, time or e_bool */
    readonly most_bad_row: number
    /** Rows with e_bool other than 0 */
    readonly most_excluded: number
    /** Viewings without a duration */
    readonly most_bad_duration: number
    /** Viewings without seconds watched */
    readonly most_bad_use: number
    /** Exact repeats */
    readonly most_repeats: number
    /** Rows of programmes that vodinfo lacks */
    readonly most_unknown_programs: number
    /** Rows of users whom userinfo lacks */
    readonly most_unknown_users: number
    /** Titles that the catalogue may lose between two looks at it, of those that it had */
    readonly most_delisted: number
    /** Rows of a log from after tomorrow */
    readonly most_future_rows: number
  }
}

/** What the run of a week tried, what won and by how much, and for whom it got better or worse */
export type WeekReport = {
  readonly format: 1
  readonly week: string
  readonly version: string
  readonly candidate: string
  readonly algorithm: string
  readonly reason: string
  readonly decided_by: 'random' | 'time'
  readonly metric: string
  readonly test: {
    readonly description: string
    readonly users: number
    readonly pairs: number
  }
  readonly popularity: string | null
  readonly week_before: {
    readonly week: string
    readonly version: string
    readonly candidate: string
    readonly popularity: number | null
  } | null
  readonly tried: readonly {
    readonly candidate: string
    readonly algorithm: string
    readonly parameters: { readonly [name: string]: number | boolean }
    readonly metrics: { readonly [name: string]: number }
    readonly train_seconds: number
  }[]
  readonly gains: readonly {
    readonly against: string
    readonly roles: readonly ('next best' | 'better popularity' | 'choice of the week before')[]
    readonly metrics: {
      readonly [name: string]: {
        readonly difference: number
        readonly low: number
        readonly high: number
        readonly relative: number | null
        readonly verdict: 'better' | 'worse' | 'no clear difference' | 'too few users'
      }
    }
  }[]
  readonly segments: readonly {
    readonly segment: string
    readonly description: string
    readonly bounds?: {
      /** Least number of titles that a user watched in training */
      readonly from?: number
      /** Greatest number; absent: no end */
      readonly to?: number
      /** What tells titles for children */
      readonly by?: 'category' | 'age_limit'
    }
    readonly users: number
    readonly published: number
    readonly popularity: number | null
    readonly week_before: number | null
    readonly against_popularity: 'better' | 'worse' | 'no clear difference' | 'too few users' | null
    readonly against_week_before: 'better' | 'worse' | 'no clear difference' | 'too few users' | null
  }[]
  readonly lists: readonly {
    readonly measure: string
    readonly published: number
    readonly popularity: number | null
    readonly week_before: number | null
    readonly against_week_before: 'better' | 'worse' | 'no clear difference' | 'too few users' | null
  }[]
  readonly late_data?: readonly {
    readonly table: string
    readonly week: string
    /** Of the extract; null where the week had no row */
    readonly before: string | null
    /** Of the extract; null where the week had no row */
    readonly after: string | null
    readonly rows_before: number
    readonly rows_after: number
    readonly added: number | null
    readonly removed: number | null
    /** A model */
    readonly trained_with: string
    readonly found_by: string
    readonly found_at: string
    /** A model */
    readonly trained_again?: string
  }[]
  readonly search?: {
    readonly format: 1
    readonly week: string
    /** Digest of all that the search went by: the same inputs are not searched again */
    readonly inputs: string
    readonly algorithm: string
    readonly parameters: { readonly [name: string]: number | boolean }
    readonly validation: {
      readonly weeks: number
      readonly users: number
    }
    readonly carried: {
      readonly algorithm: string
      readonly parameters: { readonly [name: string]: number | boolean }
    } | null
    readonly trials: readonly {
      readonly algorithm: string
      readonly parameters: { readonly [name: string]: number | boolean }
      /** nDCG@20; null where the fit was not finished */
      readonly ndcg: number | null
      readonly seconds: number
      /** Why the fit was not finished: poor, time, memory or diverged */
      readonly ended?: string
    }[]
  }
}

/** Weeks whose rows changed in the source after they were trained, the latest found first */
export type LateData = {
  readonly items: readonly {
    readonly week: string
    readonly table: string
    readonly added: number | null
    readonly removed: number | null
    readonly rows_before: number
    readonly rows_after: number
    /** A model */
    readonly trained_with: string
    /** The week whose run found it */
    readonly found_by: string
    readonly found_at: string
    readonly trained_again: string | null
  }[]
}

export type TimelineItem = {
  readonly at: string
  /** `archived`: a run made it while a newer one served */
  readonly what: 'promoted' | 'archived' | 'rolled_back' | 'approved' | 'rejected'
  readonly version: string | null
  readonly previous: string | null
  readonly week: string | null
  readonly run: {
    readonly workflow_id: string
    readonly run_id: string | null
  } | null
  /** A key, a person, or `run` */
  readonly by: string
  readonly reason: string
}

/** What was done about the models that serve, newest first */
export type Timeline = {
  readonly items: readonly TimelineItem[]
}

/** What serves now, on every instance within seconds; `previous` is null where it served already */
export type Promoted = {
  readonly version: string
  readonly previous: string | null
  readonly promoted_at: string
}

export type Session = {
  /** Of the key */
  readonly name: string
  /** What the key may */
  readonly role: 'read' | 'write' | 'admin'
  readonly expires_at: string | null
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
  /** The same in a word */
  readonly better_than_chance: boolean
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
      /** How much a title is held back for being like those above it in the list: 0 orders by score alone, 1 by difference alone (maximal marginal relevance over genre and factors) */
      readonly diversity?: number
      /** Say of each title which of the history it owes most to; without it a first answer takes about half the time */
      readonly reasons?: boolean
      /** For inspectors: ask this version in place of the one that serves */
      readonly model?: string
    }
    readonly answer: Recommendations
  }
  /** The best titles for several users, or for someone with a given history */
  readonly postRecommendations: {
    readonly body: {
      /** A list for each of these users */
      readonly users?: readonly string[]
      /** One list, for someone who watched this and whom no model has seen */
      readonly history?: readonly {
        /** Title (`program_id`) */
        readonly program_id: string
        /** Share of the title that was watched */
        readonly rating?: number
      }[]
      /** How many titles at most */
      readonly k?: number
      /** Only titles of these genres (`program_genre`): repeated, or separated by commas */
      readonly genre?: readonly string[]
      /** Only titles with an age limit up to this; a title without a known age limit is left out */
      readonly max_age?: number
      /** Leave out titles that the user has watched */
      readonly exclude_seen?: boolean
      /** How much a title is held back for being like those above it in the list: 0 orders by score alone, 1 by difference alone (maximal marginal relevance over genre and factors) */
      readonly diversity?: number
      /** Say of each title which of the history it owes most to; without it a first answer takes about half the time */
      readonly reasons?: boolean
    }
    readonly answer: BatchRecommendations | HistoryRecommendations
  }
  /** The rows of a user's home page */
  readonly getRows: {
    readonly path: {
      /** Subscriber (`subsr_id`) */
      readonly id: string
    }
    readonly query?: {
      /** How many titles a row has at most */
      readonly k?: number
      /** Only titles with an age limit up to this; a title without a known age limit is left out */
      readonly max_age?: number
    }
    readonly answer: Rows
  }
  /** The titles that most users watched in the four weeks up to the newest viewing */
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
  /** Titles like one title */
  readonly getSimilar: {
    readonly path: {
      /** Title (`program_id`) */
      readonly id: string
    }
    readonly query?: {
      /** How many titles at most */
      readonly k?: number
      /** Only titles of these genres (`program_genre`): repeated, or separated by commas */
      readonly genre?: readonly string[]
      /** Only titles with an age limit up to this; a title without a known age limit is left out */
      readonly max_age?: number
    }
    readonly answer: Similar
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
  /** Users whom the model knows, in its own order */
  readonly listUsers: {
    readonly query?: {
      /** Only users whose id begins with this */
      readonly q?: string
      readonly limit?: number
    }
    readonly answer: Users
  }
  /** What a user has watched */
  readonly getHistory: {
    readonly path: {
      /** Subscriber (`subsr_id`) */
      readonly id: string
    }
    readonly answer: History
  }
  /** A viewing, a click or a dismissal, or several */
  readonly postEvents: {
    readonly body:
      | ViewerEvent
      | {
          readonly events: readonly ViewerEvent[]
        }
    readonly answer: EventsAnswer
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
  /** What the run of a week tried, what won, and for whom it got better or worse */
  readonly getWeekReport: {
    readonly path: {
      readonly week: string
    }
    readonly answer: WeekReport
  }
  /** Lets a model of the store serve */
  readonly promoteModel: {
    readonly path: {
      /** Model version */
      readonly version: string
    }
    readonly body: {
      /** Why; stands in the timeline */
      readonly reason: string
    }
    readonly answer: Promoted
  }
  /** Lets the model serve that served before the present one came */
  readonly rollBackModel: {
    readonly body: {
      /** Why; stands in the timeline */
      readonly reason: string
    }
    readonly answer: Promoted
  }
  /** Runs of the weekly retraining, newest first */
  readonly listRuns: {
    readonly query?: {
      readonly limit?: number
    }
    readonly answer: Runs
  }
  /** When the next run starts */
  readonly getSchedule: {
    readonly answer: Schedule
  }
  /** Where a run is, step by step */
  readonly getRun: {
    readonly path: {
      /** A week, a workflow id or a run id */
      readonly id: string
    }
    readonly answer: RunDetail
  }
  /** Lets a held run go on */
  readonly approveRun: {
    readonly path: {
      /** A week, a workflow id or a run id */
      readonly id: string
    }
    readonly body: {
      /** Why; stays with the run */
      readonly reason?: string
    }
    readonly answer: RunAnswer
  }
  /** Ends a held run; the model that serves stays */
  readonly rejectRun: {
    readonly path: {
      /** A week, a workflow id or a run id */
      readonly id: string
    }
    readonly body: {
      /** Why; stays with the run */
      readonly reason?: string
    }
    readonly answer: RunAnswer
  }
  /** What preprocessing found in the data of a week */
  readonly getDataQuality: {
    readonly path: {
      readonly week: string
    }
    readonly answer: DataQuality
  }
  /** Weeks that changed in the source after they were trained */
  readonly listLateData: {
    readonly answer: LateData
  }
  /** What was promoted, rolled back, approved and rejected, newest first */
  readonly listTimeline: {
    readonly query?: {
      readonly limit?: number
    }
    readonly answer: Timeline
  }
  /** A key for a session cookie (HttpOnly, SameSite=Strict) */
  readonly openSession: {
    readonly body: {
      /** An API key */
      readonly key: string
    }
    readonly answer: Session
  }
  /** Who asks, and what that key may */
  readonly getSession: {
    readonly answer: Session
  }
  /** Ends the session of the cookie */
  readonly closeSession: {
    readonly answer: undefined
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
  postRecommendations: { method: 'POST', path: '/v1/recommendations' },
  getRows: { method: 'GET', path: '/v1/users/{id}/rows' },
  getPopular: { method: 'GET', path: '/v1/popular' },
  getSimilar: { method: 'GET', path: '/v1/programs/{id}/similar' },
  listPrograms: { method: 'GET', path: '/v1/programs' },
  getProgram: { method: 'GET', path: '/v1/programs/{id}' },
  listUsers: { method: 'GET', path: '/v1/users' },
  getHistory: { method: 'GET', path: '/v1/users/{id}/history' },
  postEvents: { method: 'POST', path: '/v1/events' },
  listModels: { method: 'GET', path: '/v1/models' },
  getLatestModel: { method: 'GET', path: '/v1/models/latest' },
  getModel: { method: 'GET', path: '/v1/models/{version}' },
  listMetrics: { method: 'GET', path: '/v1/metrics' },
  getWeekReport: { method: 'GET', path: '/v1/reports/{week}' },
  promoteModel: { method: 'POST', path: '/v1/models/{version}/promote' },
  rollBackModel: { method: 'POST', path: '/v1/models/rollback' },
  listRuns: { method: 'GET', path: '/v1/runs' },
  getSchedule: { method: 'GET', path: '/v1/schedule' },
  getRun: { method: 'GET', path: '/v1/runs/{id}' },
  approveRun: { method: 'POST', path: '/v1/runs/{id}/approve' },
  rejectRun: { method: 'POST', path: '/v1/runs/{id}/reject' },
  getDataQuality: { method: 'GET', path: '/v1/data-quality/{week}' },
  listLateData: { method: 'GET', path: '/v1/late-data' },
  listTimeline: { method: 'GET', path: '/v1/timeline' },
  openSession: { method: 'POST', path: '/v1/session' },
  getSession: { method: 'GET', path: '/v1/session' },
  closeSession: { method: 'DELETE', path: '/v1/session' },
  getQuestionnaire: { method: 'GET', path: '/v1/questionnaire' },
  answerQuestionnaire: { method: 'POST', path: '/v1/questionnaire' },
  recommendMysfit: { method: 'POST', path: '/recommendations' },
} as const satisfies { readonly [Name in keyof Operations]: { readonly method: string; readonly path: string } }
