import { Type } from 'typebox'

/** The document that racing writers count in. */
export const Counter = Type.Object({ count: Type.Integer() })
