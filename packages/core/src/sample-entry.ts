// Values that fit a schema, for random policies and checks.
export { firstValue, sampleValue } from './sample.ts'
