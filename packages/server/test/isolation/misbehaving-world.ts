import { misbehaving } from './misbehaving.ts'

const { restore: _restore, ...rest } = misbehaving

/** As `misbehaving`, but its episodes cannot leave their executor. */
// eslint-disable-next-line import-x/no-default-export -- what an executor loads is a default export
export default rest
