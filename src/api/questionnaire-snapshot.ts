/** The questionnaire's model, loaded: a table of all entries. Immutable and free of I/O. */
import { parseDocument } from '../contracts/documents.ts'
import { MatineeError } from '../contracts/errors.ts'
import type { ObjectStore } from '../contracts/ports.ts'
import { answerCounts, QuestionnaireDefinition, QuestionnaireManifest } from '../contracts/questionnaire.ts'
import { questionnaireKeys } from '../contracts/store-keys.ts'
import { decodeSafetensors } from '../model/artifact/safetensors.ts'
import { formNumber } from '../model/questionnaire/forms.ts'
import { tableOf, type FormTable } from '../model/questionnaire/table.ts'
import { parseManifest, readVerified, type LoadedModel } from './load-model.ts'
import { SnapshotHolder, type ModelHolderOptions, type ServedKind } from './model-holder.ts'

export class QuestionnaireSnapshot {
  readonly manifest: QuestionnaireManifest
  readonly definition: QuestionnaireDefinition
  readonly #table: FormTable

  /** @throws MatineeError `model_incompatible` where the table is not of the definition. */
  constructor(manifest: QuestionnaireManifest, definition: QuestionnaireDefinition, table: FormTable) {
    const wanted = answerCounts(definition)
    if (table.labelCount !== definition.labels.length || table.forms.sizes.join() !== wanted.join())
      throw new MatineeError(
        'model_incompatible',
        `model ${manifest.version} has answers [${table.forms.sizes.join(', ')}] and ${table.labelCount} labels, its definition [${wanted.join(', ')}] and ${definition.labels.length}`,
      )
    this.manifest = manifest
    this.definition = definition
    this.#table = table
  }

  get version(): string {
    return this.manifest.version
  }

  /** How many answers each question takes, from 0. */
  get answerCounts(): readonly number[] {
    return this.#table.forms.sizes
  }

  /** Place of the label for an entry that has one answer a question, each within its count. */
  labelOf(entry: readonly number[]): number {
    return this.#table.labels[formNumber(this.#table.forms, entry)] ?? 0
  }

  /** Of each label, in their order. */
  probabilitiesOf(entry: readonly number[]): Float32Array {
    const start = formNumber(this.#table.forms, entry) * this.#table.labelCount
    return this.#table.probabilities.subarray(start, start + this.#table.labelCount)
  }
}

/** @throws MatineeError `store_missing`, `store_corrupt`, `model_incompatible`, `store_unreachable`. */
async function loadQuestionnaire(version: string, store: ObjectStore, cache?: ObjectStore): Promise<LoadedModel<QuestionnaireSnapshot>> {
  const key = (file: string): string => questionnaireKeys.model(version, file)
  const manifestKey = key('manifest.json')
  const stored = await store.read(manifestKey)
  if (stored === undefined)
    throw new MatineeError('store_missing', `${manifestKey} is not in the store: model ${version} is not there or not complete`, {
      details: { key: manifestKey, version },
    })
  const manifest = parseManifest(QuestionnaireManifest, stored.body, manifestKey)
  if (manifest.version !== version)
    throw new MatineeError('store_corrupt', `${manifestKey} names version "${manifest.version}"`, {
      details: { key: manifestKey, version },
    })
  const files = new Map<string, Uint8Array>()
  const read = async (file: string): Promise<Uint8Array> => {
    const bytes = await readVerified(key(file), manifest.files[file], cache === undefined ? [store] : [cache, store])
    files.set(key(file), bytes)
    return bytes
  }
  const definition = parseDocument(QuestionnaireDefinition, await read('definition.json'), key('definition.json'))
  const table = tableOf(decodeSafetensors(await read('model.safetensors')).tensors)
  files.set(manifestKey, stored.body)
  return { snapshot: new QuestionnaireSnapshot(manifest, definition, table), files }
}

const questionnaire: ServedKind<QuestionnaireSnapshot> = {
  latestKey: questionnaireKeys.modelLatest,
  prefix: questionnaireKeys.modelsPrefix,
  keyOf: questionnaireKeys.model,
  load: loadQuestionnaire,
  describe: ({ manifest: { learner, evaluation } }) => ({ learner, accuracy: evaluation.accuracy, rows: evaluation.rows.train }),
  optional: true,
}

export class QuestionnaireHolder extends SnapshotHolder<QuestionnaireSnapshot> {
  constructor(options: ModelHolderOptions) {
    super(questionnaire, options)
  }
}
