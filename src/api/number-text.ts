/**
 * Numbers as JSON has them. Where `String` writes one, V8 keeps the text among its old objects, to find it again. Numbers that are each another
 * one, as scores and moments are, fill the heap so, and who asks while all of it is collected waits.
 */

/** So many tell every 32-bit float from the others. */
const scoreDigits = 9

/** @param score a 32-bit float */
export const scoreText = (score: number): string => (Number.isInteger(score) ? String(score) : score.toPrecision(scoreDigits))

/** @param moment whole milliseconds */
export const momentText = (moment: number): string => moment.toFixed(0)
