/** Whether Python can import a module by its name: each part of it is an identifier. */
export function isImportable(module: string): boolean {
  return (
    module !== '' &&
    module.split('.').every((part) => /^[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{N}\p{M}_]*$/u.test(part))
  )
}
