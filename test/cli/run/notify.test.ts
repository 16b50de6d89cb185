import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import * as Effect from "effect/Effect"
import { notifyService, type ServiceManager, watchdogInterval } from "../../../src/cli/run/notify.ts"
import { needs } from "../../support/needs.ts"
import { rawConnect } from "../../support/peer.ts"
import { pillion, startPillion } from "../../support/pillion.ts"
import { type Receiver, startReceiver } from "../../support/receiver.ts"

/** What `use` makes of a service whose environment is this one; also its warnings. */
const service = async (
  environment: Record<string, string | undefined>,
  use: (manager: ServiceManager) => Promise<void>,
): Promise<ReadonlyArray<string>> => {
  const warnings: Array<string> = []
  const log = { warn: (message: string) => void warnings.push(message) }
  const serving = Effect.gen(function* () {
    const manager = yield* notifyService({ environment, status: () => "well", log })
    yield* Effect.promise(() => use(manager))
  })
  await Effect.runPromise(Effect.scoped(serving))
  return warnings
}

const withReceiver = async (
  more: Record<string, string>,
  use: (manager: ServiceManager, receiver: Receiver) => Promise<void>,
): Promise<ReadonlyArray<string>> => {
  await using receiver = await startReceiver("abstract")
  return await service({ NOTIFY_SOCKET: receiver.name, ...more }, (manager) => use(manager, receiver))
}

needs("python3")(
  "says READY, RELOADING with its time, STOPPING with how long it takes, and a status each time",
  async () => {
    const warnings = await withReceiver({}, async (manager, receiver) => {
      manager.ready()
      expect(await receiver.message("READY=1")).toEqual(["READY=1", "STATUS=well"])
      manager.reloading()
      const [, time = "", status] = await receiver.message("RELOADING=1")
      expect(status).toBe("STATUS=well")
      const uptime = Number(readFileSync("/proc/uptime", "latin1").split(" ")[0])
      const seconds = Number(/^MONOTONIC_USEC=(\d+)$/.exec(time)?.[1]) / 1e6
      expect(Math.abs(seconds - uptime)).toBeLessThan(5)
      manager.stopping(25_000)
      expect(await receiver.message("STOPPING=1")).toEqual([
        "STOPPING=1",
        "EXTEND_TIMEOUT_USEC=30000000",
        "STATUS=draining, well",
      ])
    })
    expect(warnings).toEqual([])
  },
)

needs("python3")(
  "a reload while it stops is not reported, for systemd would take the service for running",
  async () => {
    await withReceiver({ WATCHDOG_USEC: "20000" }, async (manager, receiver) => {
      manager.stopping(0)
      manager.reloading()
      manager.ready()
      await receiver.message("WATCHDOG=1")
      expect(receiver.heads().slice(0, 2)).toEqual(["STOPPING=1", "WATCHDOG=1"])
    })
  },
)

test("takes what belongs to the service out of the environment, and does nothing where systemd is not", async () => {
  const environment = { NOTIFY_SOCKET: "", WATCHDOG_USEC: "1", WATCHDOG_PID: "1", KEPT: "kept" }
  expect(await service(environment, async (manager) => manager.ready())).toEqual([])
  expect(environment as Record<string, string>).toEqual({ KEPT: "kept" })
})

test("a socket that cannot be used, or where nobody listens, is one warning and no failure", async () => {
  expect(await service({ NOTIFY_SOCKET: "vsock:2:9" }, async (manager) => manager.ready())).toEqual([
    'systemd is told nothing: NOTIFY_SOCKET "vsock:2:9": the name is neither an absolute path nor @ and a name, or it is too long',
  ])
  const warnings = await service({ NOTIFY_SOCKET: "@pillion-nobody-listens-here" }, async (manager) => {
    manager.ready()
    manager.ready()
  })
  expect(warnings).toEqual(["systemd was not told READY=1: ECONNREFUSED"])
})

describe("the watchdog", () => {
  test("is told twice in the time that it waits, and only by the process that it watches", () => {
    expect(watchdogInterval("30000000", undefined, 7)).toBe(15_000)
    expect(watchdogInterval("30000000", "7", 7)).toBe(15_000)
    expect(watchdogInterval("30000000", "8", 7)).toBeUndefined()
    for (const wrong of [undefined, "", "0", "-1", "x", "1.5"]) {
      expect(watchdogInterval(wrong, undefined, 7)).toBeUndefined()
    }
  })
})

for (const kind of ["path", "abstract"] as const) {
  needs("python3")(`the executable reports its life to a socket with ${kind} name, and to it alone`, async () => {
    await using receiver = await startReceiver(kind)
    await using running = await startPillion({ env: { NOTIFY_SOCKET: receiver.name, WATCHDOG_USEC: "200000" } })
    const listening = `STATUS=inbound on ${running.ports.in}, outbound on ${running.ports.out}, connections: `
    expect(await receiver.message("READY=1")).toEqual(["READY=1", `${listening}0`])
    using client = await rawConnect(running.ports.out)
    expect((await receiver.message(`${listening}1`))[0]).toBe("WATCHDOG=1")
    running.reload()
    expect((await receiver.message("RELOADING=1"))[1]).toStartWith("MONOTONIC_USEC=")
    client.socket.destroy()
    expect(await running.stop()).toBe(0)
    await receiver.message("STOPPING=1")
    const heads = receiver.heads().filter((head) => head !== "WATCHDOG=1")
    expect(heads).toEqual(["READY=1", "RELOADING=1", "READY=1", "STOPPING=1"])
  })
}

needs("python3")("the program of run -- is told nothing of systemd", async () => {
  await using receiver = await startReceiver("abstract")
  const free = ["--proxy-in-port=0", "--proxy-out-port=0", "--health-port=0", "--admin-port=0"]
  const shown = "echo ${NOTIFY_SOCKET-none} ${WATCHDOG_USEC-none}"
  const env = { NOTIFY_SOCKET: receiver.name, WATCHDOG_USEC: "200000" }
  expect(await pillion(["run", ...free, "--", "sh", "-c", shown], { env })).toMatchObject({
    code: 0,
    stdout: "none none\n",
  })
  await receiver.message("STOPPING=1")
})
