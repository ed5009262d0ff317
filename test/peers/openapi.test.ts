import { describe } from 'vitest'
import { itIsTrueForSchemathesis } from './schemathesis.ts'

describe('the OpenAPI document', () => {
  itIsTrueForSchemathesis(1)
})
