/** The poller beside the runtime's own loop. */
import { expect, test } from "bun:test"

import { nobody } from "../../../src/net/common/end.ts"
import { ascii } from "../../support/bytes.ts"
import { loopback, polled } from "../../support/pair.ts"
import { Condition, within } from "../../support/within.ts"

test("the runtime's sockets, its timers and polled sockets get on with each other", async () => {
  const rounds = 1000
  const condition = new Condition()
  const done = { polledServer: 0, runtimesServer: 0, ticks: 0, closed: 0 }
  const closed = (): void => {
    done.closed++
    condition.changed()
  }
  const ours = polled.listen(loopback, 0, (end) => {
    end.receiver = {
      ...nobody,
      data: (end, chunk) => void end.write(chunk),
      ended: (end) => end.shutdown(),
      closed,
    }
  })
  const theirs = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { data: (socket, chunk) => void socket.write(chunk), end: (socket) => void socket.end() },
  })
  const client = await Bun.connect({
    hostname: "127.0.0.1",
    port: ours.port,
    socket: {
      data(socket, chunk) {
        done.polledServer += chunk.length
        if (done.polledServer < rounds) socket.write("x")
        else condition.changed()
      },
    },
  })
  const timer = setInterval(() => void done.ticks++, 1)
  client.write("x")
  polled.connect(loopback, theirs.port, {
    connected({ end }) {
      end.receiver = {
        ...nobody,
        closed,
        data(end, chunk) {
          done.runtimesServer += chunk.length
          if (done.runtimesServer < rounds) end.write(ascii("x"))
          else {
            condition.changed()
            end.shutdown()
          }
        },
      }
      end.write(ascii("x"))
    },
    failed: (_, code) => expect.unreachable(code),
  })
  await condition.until(
    () => (done.polledServer === rounds && done.runtimesServer === rounds ? true : undefined),
    () => `end of the round trips: ${JSON.stringify(done)}`,
  )
  clearInterval(timer)
  client.end()
  ours.stop()
  await condition.until(
    () => (done.closed === 2 ? true : undefined),
    () => `end of both: ${JSON.stringify(done)}`,
  )
  theirs.stop(true)
  expect(done.ticks).toBeGreaterThan(5)
})

const timer = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2))

const immediate = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test("what the runtime does is not kept waiting by polled sockets that are never done", async () => {
  // Two ends that answer each other for ever, so that every turn has something to do at once.
  const listener = polled.listen(loopback, 0, (end) => {
    end.receiver = { ...nobody, data: (end, chunk) => void end.write(chunk) }
  })
  polled.connect(loopback, listener.port, {
    connected({ end }) {
      end.receiver = { ...nobody, data: (end, chunk) => void (stopped ? end.terminate() : end.write(chunk)) }
      end.write(ascii("x"))
    },
    failed: (_, code) => expect.unreachable(code),
  })
  let stopped = false
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("") })
  const began = performance.now()
  for (let i = 0; i < 10; i++) {
    await within(timer(), "timer")
    await within(immediate(), "immediate")
    await within(fetch(server.url, { keepalive: false }), "answer")
  }
  expect(performance.now() - began).toBeLessThan(1000)
  stopped = true
  listener.stop()
  await server.stop(true)
})
