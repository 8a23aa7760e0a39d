/** The command line as tests and benchmarks start it. */
import { programFile } from '../../src/project-files.ts'

/** What was just built, as an image has it, where whoever started this process says so; else the sources. */
export const main = (): string => process.env['MATINEE_TEST_MAIN'] ?? programFile('cli/main')
