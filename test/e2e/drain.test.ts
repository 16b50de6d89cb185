/** The stop: what is open finishes, what is asked late is still served, and nothing waits longer than it was told. */
import { expect, test } from "bun:test"
import { sameStop } from "../../src/cli/run/child.ts"
import { openTunnel } from "../support/clients.ts"
import { field, readResponse, status } from "../support/http.ts"
import { needs } from "../support/needs.ts"
import { echo, httpOrigin, ok } from "../support/origins.ts"
import { rawConnect } from "../support/peer.ts"
import { type Pillion, startPillion } from "../support/pillion.ts"
import { eventually } from "../support/within.ts"

const start = (workload: number, ...flags: ReadonlyArray<string>): Promise<Pillion> =>
  startPillion({ flags: ["--proxy-protocol=tcp:http", `--proxy-port=${workload}`, ...flags] })

/** The signal was heard: from here on `/readyz` says 503. */
const drains = (pillion: Pillion): Promise<void> => eventually(() => pillion.health("/readyz"), 503, "/readyz")

/** An answer that waits until it is told to go. */
const heldBack = () => {
  const { promise, resolve } = Promise.withResolvers<string>()
  return { answer: promise, release: () => resolve(ok("at last")) }
}

for (const name of ["SIGTERM", "SIGINT"] as const) {
  test(`${name} ends an idle proxy within a second, with 0`, async () => {
    using workload = await echo()
    await using pillion = await start(workload.port)
    const started = performance.now()
    pillion.signal(name)
    expect(await pillion.exited).toBe(0)
    expect(performance.now() - started).toBeLessThan(1000)
  })
}

test("SIGTERM lets an open tunnel, an answer in flight and a new outbound connection finish, and ends with 0", async () => {
  const held = heldBack()
  using server = await echo()
  using web = await httpOrigin(() => held.answer)
  await using pillion = await start(server.port)

  using tunnel = await openTunnel("socks5", pillion.ports.out, server.port)
  using inbound = await openTunnel("tcp", pillion.ports.in, 0)
  using asking = await rawConnect(pillion.ports.out)
  asking.send(`GET http://${web.authority}/slow HTTP/1.1\r\nHost: ${web.authority}\r\n\r\n`)
  await eventually(async () => web.requests.length, 1, "the number of requests")
  inbound.send("before")
  await inbound.expect("before")

  pillion.signal("SIGTERM")
  await drains(pillion)
  expect(await pillion.health("/livez")).toBe(200)

  // A workload that shuts down still needs its database.
  using late = await openTunnel("connect", pillion.ports.out, server.port)
  for (const each of [tunnel, inbound, late]) {
    each.send("during")
    await each.expect("during")
  }
  // Nobody new comes in.
  await eventually(
    () =>
      rawConnect(pillion.ports.in).then(
        () => "open",
        () => "refused",
      ),
    "refused",
    "inbound",
  )

  held.release()
  const response = await readResponse(asking)
  expect([status(response), response.body, field(response, "Connection")]).toEqual([200, "at last", "close"])
  await asking.readToEnd()
  asking.end()

  for (const each of [tunnel, inbound, late]) {
    each.send("after").end()
    expect((await each.readToEnd()).toString()).toBe("after")
  }
  expect(await pillion.exited).toBe(0)
})

test("an idle kept-alive HTTP connection is closed at once", async () => {
  using web = await httpOrigin()
  await using pillion = await start(web.port)
  using client = await rawConnect(pillion.ports.out)
  client.send(`GET http://${web.authority}/ HTTP/1.1\r\nHost: ${web.authority}\r\n\r\n`)
  expect(status(await readResponse(client))).toBe(200)
  const started = performance.now()
  pillion.signal("SIGTERM")
  await client.readToEnd()
  client.end()
  expect(await pillion.exited).toBe(0)
  expect(performance.now() - started).toBeLessThan(1000)
})

test("a second signal resets what is open, at once, and the exit code says that it was cut short", async () => {
  using server = await echo()
  await using pillion = await start(server.port)
  using tunnel = await openTunnel("connect", pillion.ports.out, server.port)
  const accepted = await server.accepted()
  pillion.signal("SIGTERM")
  await drains(pillion)
  await Bun.sleep(sameStop + 100)
  const started = performance.now()
  pillion.signal("SIGTERM")
  await Promise.all([tunnel.untilReset(), accepted.untilReset()])
  expect(await pillion.exited).toBe(1)
  expect(performance.now() - started).toBeLessThan(1000)
})

test("a second signal within a second is the first once more, and one after /drain is the first", async () => {
  using server = await echo()
  for (const first of ["SIGTERM", "drain"] as const) {
    await using pillion = await start(server.port)
    using tunnel = await openTunnel("connect", pillion.ports.out, server.port)
    if (first === "drain") {
      await fetch(`http://127.0.0.1:${pillion.ports.admin}/drain`, { method: "POST", proxy: "" })
      await drains(pillion)
      await Bun.sleep(sameStop + 100)
    } else pillion.signal(first)
    await drains(pillion)
    pillion.signal("SIGINT")
    pillion.signal("SIGTERM")
    tunnel.send("still").end()
    expect((await tunnel.readToEnd()).toString()).toBe("still")
    expect(await pillion.exited).toBe(0)
  }
})

test("inbound goes on accepting for drain-delay, while readiness already says 503", async () => {
  using server = await echo()
  await using pillion = await start(server.port, "--drain-delay=1s")
  const started = performance.now()
  pillion.signal("SIGTERM")
  await drains(pillion)
  using client = await openTunnel("tcp", pillion.ports.in, 0)
  client.send("still here").end()
  expect((await client.readToEnd()).toString()).toBe("still here")
  expect(await pillion.exited).toBe(0)
  expect(performance.now() - started).toBeWithin(900, 3000)
})

test("what is open at drain-timeout is reset, the log says why, and the exit code is 0", async () => {
  using server = await echo()
  await using pillion = await start(server.port, "--drain-timeout=700ms")
  using tunnel = await openTunnel("socks4", pillion.ports.out, server.port)
  const started = performance.now()
  pillion.signal("SIGTERM")
  await tunnel.untilReset()
  expect(await pillion.exited).toBe(0)
  expect(performance.now() - started).toBeWithin(600, 3000)
  const line = await pillion.waitForLog((each) => each["protocol"] === "socks4")
  expect(line["end"]).toBe("drain")
})

needs("namespace")("as process 1 of its own namespace it obeys SIGTERM too", async () => {
  using server = await echo()
  const user = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"]
  await using pillion = await startPillion({
    flags: [`--proxy-port=${server.port}`],
    wrapper: ["unshare", ...user, "--pid", "--fork", "--kill-child", "--"],
  })
  const inside = Number(await Bun.file(`/proc/${pillion.pid}/task/${pillion.pid}/children`).text())
  using tunnel = await openTunnel("connect", pillion.ports.out, server.port)
  tunnel.send("alive").end()
  expect((await tunnel.readToEnd()).toString()).toBe("alive")
  pillion.signal("SIGTERM", inside)
  expect(await pillion.exited).toBe(0)
})
