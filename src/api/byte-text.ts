/**
 * Byte text: a string whose characters are the bytes of a text's UTF-8 form. What answers are put together of is kept so. One Korean letter
 * makes V8 keep two bytes for every character of a string, and joined strings of that kind have to be encoded before they go out; byte text
 * takes a byte a character and goes out by copying. Where all is ASCII it is the text itself.
 */

export const byteTextOf = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

/** A value as JSON. */
export const jsonOf = (value: unknown): string => byteTextOf(JSON.stringify(value))

/** The bytes that go out. */
export const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1')
