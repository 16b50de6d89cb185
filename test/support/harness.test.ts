/** The harness against itself, with no proxy between: what it reports must be what happened. */
import { expect, test } from "bun:test"
import { checksum, receiveBulk, sendBulk } from "./bulk.ts"
import { field, names, readResponse } from "./http.ts"
import { needs } from "./needs.ts"
import { echo, greeter, httpOrigin, ok, origin } from "./origins.ts"
import { rawConnect } from "./peer.ts"
import { curl } from "./process.ts"

test("what is sent arrives exactly, and half-close keeps the return way open", async () => {
  using server = await origin()
  using client = await rawConnect(server.port)
  const accepted = await server.accepted()
  client.send("a\xff\r\n").end()
  expect((await accepted.readToEnd()).toString("latin1")).toBe("a\xff\r\n")
  accepted.send("late answer").end()
  expect((await client.readToEnd()).toString()).toBe("late answer")
})

test("a reset is told from an end, on both sides", async () => {
  using server = await origin()
  using first = await rawConnect(server.port)
  const peer = await server.accepted()
  peer.reset()
  await first.untilReset()
  using second = await rawConnect(server.port)
  const other = await server.accepted()
  second.reset()
  await other.untilReset()
  using third = await rawConnect(server.port)
  ;(await server.accepted()).end()
  expect(await third.untilOver()).toBe("end")
  await expect(third.untilReset()).rejects.toThrow("ended in order")
})

test("a wait that nothing ends fails with what was missing", async () => {
  using server = await greeter("hi")
  using client = await rawConnect(server.port)
  await expect(client.read(5, 50)).rejects.toThrow('no 5 bytes; so far "hi" within 50 ms')
})

test("bytes may be read in portions and trickled", async () => {
  using server = await echo()
  using client = await rawConnect(server.port)
  await client.trickle("one two three")
  expect(await client.readUntil(" ")).toBe("one ")
  await client.expect("two")
  expect((await client.end().readToEnd()).toString()).toBe(" three")
})

test("a paused reader stalls its sender", async () => {
  using server = await origin()
  using client = await rawConnect(server.port)
  const accepted = await server.accepted()
  accepted.pause()
  const done = sendBulk(client, 32, 1)
  const early = await Promise.race([done.then(() => "sent"), Bun.sleep(100).then(() => "stalled")])
  expect(early).toBe("stalled")
  accepted.resume()
  expect(await receiveBulk(accepted, 5000)).toBe(checksum(32, 1))
  await done
})

needs("curl")("the HTTP origin records requests as sent, and answers curl and raw clients", async () => {
  using server = await httpOrigin((request) => ok(request.line, "X-Case: kept"))
  expect((await curl(`http://${server.authority}/x`)).stdout).toBe("GET /x HTTP/1.1")
  using client = await rawConnect(server.port)
  client.send("POST /y HTTP/1.1\r\nhOST: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
  const response = await readResponse(client)
  expect(response.body).toBe("POST /y HTTP/1.1")
  expect(field(response, "x-case")).toBe("kept")
  expect(server.requests[1]?.body).toBe("abcde")
  expect(names(server.requests[1]!)).toEqual(["hOST", "Transfer-Encoding"])
})
