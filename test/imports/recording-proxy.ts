import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A way to a server that keeps every byte that comes back: what a side of the wire has seen. */
export interface RecordingProxy extends AsyncDisposable {
  readonly url: string
  /** Everything that the server sent by this way so far. */
  received(): string
}

/** Opens one in front of a server. */
export async function recordingProxy(serverUrl: string): Promise<RecordingProxy> {
  const { hostname, port, pathname } = new URL(serverUrl)
  const received: Buffer[] = []
  const open = new Set<Socket>()
  const proxy = createServer((client) => {
    const server = connect(Number(port), hostname)
    for (const socket of [client, server]) {
      open.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        open.delete(socket)
        client.destroy()
        server.destroy()
      })
    }
    client.pipe(server)
    server.on('data', (bytes) => received.push(bytes))
    server.pipe(client)
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  const { port: bound } = proxy.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${String(bound)}${pathname === '/' ? '' : pathname}`,
    received: () => Buffer.concat(received).toString('utf8'),
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy()
      await new Promise((resolve) => proxy.close(resolve))
    },
  }
}
