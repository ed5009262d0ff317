export { connect, connectOrs, connectVector, info, listSplits, listTasks } from '@openenv-ts/client'
