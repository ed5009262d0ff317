import { describe } from 'vitest'
import { itIsTrueForSchemathesis } from '../peers/schemathesis.ts'

describe('the OpenAPI document', () => {
  itIsTrueForSchemathesis(60)
})
