/** Another's text as Markdown that shows it: no link, picture, heading or tag comes of it. */
export function markdown(text: string): string {
  return text.replaceAll(/[\\`*_[\]<>#|!~]/g, '\\$&')
}
