/** A prefix in its one form: empty, or with a leading slash and no trailing one. */
export function normalBasePath(path: string): string {
  const trimmed = path.replace(/^\/+|\/+$/g, '')
  return trimmed === '' ? '' : `/${trimmed}`
}
