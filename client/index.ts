export * from './client.ts'
export type * from './schema.ts'
