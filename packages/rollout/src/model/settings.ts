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
 * @throws RolloutError `INVALID_OPTION` naming what is missing.
 */
export declare function modelSettings(
  env: Readonly<Record<string, string | undefined>>,
  flags?: { readonly model?: string | undefined },
): ModelSettings
