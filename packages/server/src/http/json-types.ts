import type { Schema } from './operation.ts'

export const WHOLE: Schema = {
  type: 'integer',
  minimum: -Number.MAX_SAFE_INTEGER,
  maximum: Number.MAX_SAFE_INTEGER,
}
export const NULL: Schema = { type: 'null' }
export const SEED: Schema = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER }

/** Takes null too. */
export const orNull = (schema: Schema): Schema => ({ anyOf: [schema, NULL] })
/** Takes one of these texts. */
export const oneOf = (values: readonly string[]): Schema => ({ type: 'string', enum: values })
