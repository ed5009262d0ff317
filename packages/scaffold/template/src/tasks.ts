/** A task as it may be shown to an agent: everything here is public. */
export interface CipherTask {
  readonly id: string
  readonly cipher: string
}

/** The tasks by split; the first split is the default one. Their right answers stand in gold.ts. */
export const TASKS = {
  train: [
    { id: 'harbour', cipher: 'wkh vkls ohdyhv wkh kduerxu dw gdzq' },
    { id: 'bread', cipher: 'qcpds mcplo td dzwo ty esp dxlww dsza yplc esp deletzy' },
    { id: 'letters', cipher: 'lax pkbmxl t exmmxk mh axk lblmxk xoxkr lngwtr xoxgbgz' },
    { id: 'jazz', cipher: 'qhgg xbpg: mpe tf cpufs wshfly' },
  ],
  test: [
    { id: 'rain', cipher: 'fq exp ybbk oxfkfkd pfkzb qeb bka lc lzqlybo' },
    { id: 'lynx', cipher: 'f qdsc ozrux; enl, efl, kqd gd' },
  ],
} as const satisfies Readonly<Record<string, readonly CipherTask[]>>
