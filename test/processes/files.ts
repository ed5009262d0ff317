/** Tests that start processes, which the unit step leaves to the step `processes`. */
export const STARTING_PROCESSES = ['{packages,environments,examples,test}/**/*.process.test.ts']
