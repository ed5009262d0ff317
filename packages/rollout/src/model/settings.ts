import { RolloutError } from '../rollout-error.ts'

/** Where a model is and which one: what {@link modelSettings} finds in the environment's variables. */
export interface ModelSettings {
  readonly baseUrl: string
  /** Never logged, never written to a run. */
  readonly apiKey: string
  readonly model: string
}

/**
 * Finds a model's endpoint [OE-13]: `API_BASE_URL`, `HF_TOKEN` or `API_KEY`, `MODEL_NAME`; else `OPENAI_BASE_URL`,
 * `OPENAI_API_KEY`, and the model from the flags. A model in the flags beats `MODEL_NAME`.
 *
 * The two sets are not mixed, so that a key never goes to an endpoint that it was not meant for. Empty is not set.
 *
 * @throws RolloutError `INVALID_OPTION` naming what is missing.
 */
export function modelSettings(
  env: Readonly<Record<string, string | undefined>>,
  flags: { readonly model?: string | undefined } = {},
): ModelSettings {
  const value = (name: string): string | undefined => {
    const text = env[name]?.trim()
    return text === '' ? undefined : text
  }
  const own = value('API_BASE_URL')
  const baseUrl = own ?? value('OPENAI_BASE_URL') ?? 'https://api.openai.com/v1'
  const apiKey = own === undefined ? value('OPENAI_API_KEY') : (value('HF_TOKEN') ?? value('API_KEY'))
  const model = flags.model ?? value('MODEL_NAME')
  const missing: string[] = []
  if (apiKey === undefined) {
    missing.push(
      own === undefined
        ? 'a key (API_BASE_URL with HF_TOKEN or API_KEY, or OPENAI_API_KEY)'
        : 'a key for API_BASE_URL (HF_TOKEN or API_KEY)',
    )
  }
  if (model === undefined) missing.push('a model (MODEL_NAME, or --model)')
  if (!isHttpUrl(baseUrl)) {
    const name = own === undefined ? 'OPENAI_BASE_URL' : 'API_BASE_URL'
    throw new RolloutError('INVALID_OPTION', `${name} is not an http or https URL.`)
  }
  if (apiKey === undefined || model === undefined) {
    throw new RolloutError('INVALID_OPTION', `The model policy needs ${missing.join(' and ')}.`)
  }
  return { baseUrl, apiKey, model }
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol)
}

/** A URL without what may be secret in it: user, password, query. */
export function publicUrl(text: string): string {
  const { origin, pathname } = new URL(text)
  return `${origin}${pathname}`
}
