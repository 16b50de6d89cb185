/** An origin that never answers, and a client that does not wait for it. */
import { expect, test } from "bun:test"
import { origin } from "../support/origins.ts"
import { rawConnect } from "../support/peer.ts"
import { startPillion } from "../support/pillion.ts"

test("a client that has ended is cut at the half-close deadline when its origin never answers, and no earlier", async () => {
  using server = await origin()
  await using pillion = await startPillion({ flags: ["--half-close-timeout=700ms"] })
  using client = await rawConnect(pillion.ports.out)
  const started = performance.now()
  client.send(`GET http://${server.authority}/ HTTP/1.1\r\nHost: x\r\n\r\n`).end()
  const accepted = await server.accepted()
  await accepted.readUntil("\r\n\r\n")
  await client.untilReset()
  await accepted.untilReset()
  expect(performance.now() - started).toBeGreaterThan(600)
  expect((await pillion.waitForLog(() => true))["end"]).toBe("timeout")
})

test("a client that has ended still gets an answer that takes longer than the half-close deadline but flows", async () => {
  const length = 8 * 2 ** 20
  using server = await origin()
  await using pillion = await startPillion({ flags: ["--half-close-timeout=300ms"] })
  using client = await rawConnect(pillion.ports.out)
  client.sink = () => {}
  client.send(`GET http://${server.authority}/ HTTP/1.1\r\nHost: x\r\n\r\n`).end()
  const accepted = await server.accepted()
  await accepted.readUntil("\r\n\r\n")
  accepted.send(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`)
  const piece = Buffer.alloc(length / 8, "x")
  for (let i = 0; i < 8; i++) {
    accepted.send(piece)
    await Bun.sleep(100)
  }
  await client.readToEnd()
  expect(client.received).toBeGreaterThan(length)
})
