// eslint-disable-next-line import-x/no-default-export -- what an executor loads is a default export
export { counter as default } from '@openenv-ts/core/testing'
