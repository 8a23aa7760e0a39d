// What an image brings ready-made, into dist/: the bundle of the workflows. Working on a clone needs none of it.
import { buildWorkflowBundle } from '../src/worker/workflow-bundle.ts'

process.stdout.write(`${await buildWorkflowBundle()}\n`)
