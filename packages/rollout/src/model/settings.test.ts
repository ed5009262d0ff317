import { describe, expect, it } from 'vitest'
import { modelSettings, publicUrl } from './settings.ts'

const own = { API_BASE_URL: 'https://own.example/v1', MODEL_NAME: 'own-model' }
const openai = { OPENAI_BASE_URL: 'https://openai.example/v1', OPENAI_API_KEY: 'openai-key' }

describe('the model variables [OE-13]', () => {
  it.each<[string, Record<string, string>, { model?: string }, object]>([
    [
      'API_BASE_URL with HF_TOKEN',
      { ...own, HF_TOKEN: 'hf', API_KEY: 'api' },
      {},
      { baseUrl: own.API_BASE_URL, apiKey: 'hf', model: 'own-model' },
    ],
    ['API_BASE_URL with API_KEY', { ...own, API_KEY: 'api' }, {}, { apiKey: 'api' }],
    [
      'API_BASE_URL before OPENAI_*',
      { ...own, ...openai, API_KEY: 'api' },
      {},
      { baseUrl: own.API_BASE_URL, apiKey: 'api' },
    ],
    [
      'OPENAI_* with --model',
      openai,
      { model: 'gpt-x' },
      { baseUrl: openai.OPENAI_BASE_URL, apiKey: 'openai-key', model: 'gpt-x' },
    ],
    [
      'OPENAI_API_KEY alone',
      { OPENAI_API_KEY: 'k' },
      { model: 'gpt-x' },
      { baseUrl: 'https://api.openai.com/v1' },
    ],
    ['--model before MODEL_NAME', { ...own, API_KEY: 'api' }, { model: 'flag' }, { model: 'flag' }],
    [
      'what is empty as not set',
      { ...openai, API_BASE_URL: ' ', HF_TOKEN: '', MODEL_NAME: 'm' },
      {},
      { apiKey: 'openai-key', model: 'm' },
    ],
  ])('take %s', (_what, env, flags, expected) => {
    expect(modelSettings(env, flags)).toMatchObject(expected)
  })

  it.each<[string, Record<string, string>, RegExp]>([
    [
      'a key and a model',
      {},
      /needs a key \(API_BASE_URL with HF_TOKEN or API_KEY, or OPENAI_API_KEY\) and a model \(MODEL_NAME, or --model\)/,
    ],
    [
      'a key of its own for API_BASE_URL',
      { ...own, OPENAI_API_KEY: 'elsewhere' },
      /needs a key for API_BASE_URL \(HF_TOKEN or API_KEY\)/,
    ],
    [
      'OPENAI_API_KEY where HF_TOKEN is of another account',
      { HF_TOKEN: 'hf', MODEL_NAME: 'm' },
      /needs a key/,
    ],
    ['a model', openai, /needs a model/],
    [
      'a URL',
      { ...own, API_BASE_URL: 'localhost:8000', API_KEY: 'k' },
      /API_BASE_URL is not an http or https URL/,
    ],
  ])('miss %s, and say so without naming a value', (_what, env, message) => {
    expect(() => modelSettings(env)).toThrow(message)
    try {
      modelSettings(env)
    } catch (error) {
      expect(error).toMatchObject({ code: 'INVALID_OPTION' })
      for (const secret of ['elsewhere', 'openai-key']) expect((error as Error).message).not.toContain(secret)
    }
  })

  it('are shown without user, password and query', () => {
    expect(publicUrl('https://me:secret@host:81/v1?key=secret')).toBe('https://host:81/v1')
  })
})
