/**
 * Drains: a second proxy, started, given work that is slow to end, told to stop in the middle of it, and judged: whatever
 * was under way arrives whole, an idle connection is closed at once, and the exit code is 0. Then the next.
 */
import { ask } from "../support/clients.ts"
import { rawConnect } from "../support/peer.ts"
import { type Pillion, startPillion } from "../support/pillion.ts"
import { makeRandom, type Random } from "../support/random.ts"
import { within } from "../support/within.ts"
import type { Ground, Report, Servers } from "./ground.ts"
import { answered, authority, get } from "./http-operations.ts"
import { drainable } from "./long-operations.ts"
import { anyPiece, echoed, endsInOrder } from "./payload.ts"
import { attempt } from "./tally.ts"
import { open } from "./tunnels.ts"

/** Between two second proxies; each costs a start, which takes as much as some hundred operations. */
const pauseMilliseconds = 3000
/** The slow ones have begun, and none of them has ended. */
const beforeStop = 1000

/** Everything that is under way when the signal comes. */
const drain = async (second: Pillion, ground: Ground, random: Random): Promise<void> => {
  using tunnel = await open("connect", "echo", ground, random)
  await echoed(tunnel, anyPiece(random, 1400).bytes)
  using idle = await rawConnect(ground.out)
  const request = get(authority(ground, random), "/piece", anyPiece(random, 1400))
  idle.send(request.text)
  await answered(idle, request)
  const underWay = Promise.all(drainable.map((run) => run(ground, random)))
  // Judged below; what fails before that must not end the soak.
  underWay.catch(() => {})
  await Bun.sleep(beforeStop)
  second.signal("SIGTERM")
  await within(endsInOrder(idle), "end of an idle connection", 5000)
  // Outbound accepts to the end, and a tunnel that is open carries on.
  using late = await rawConnect(ground.out)
  const { host, port } = random.pick(ground.echo)
  const refusal = await ask(late, "socks5", host, port)
  if (refusal !== undefined) throw new Error(`a client that came in the drain was refused with ${refusal}`)
  await echoed(late, anyPiece(random, 1400).bytes)
  await endsInOrder(late.end())
  await echoed(tunnel, anyPiece(random).bytes)
  await underWay
  await endsInOrder(tunnel.end())
  const code = await within(second.exited, "end of a proxy that has drained", 10_000)
  if (code !== 0) throw new Error(`a proxy that had drained ended with ${code}`)
}

/** Drains one proxy after another until the signal, at least one. `flags` are those of the first proxy. */
export const drains = async (
  servers: Servers,
  flags: ReadonlyArray<string>,
  seed: number,
  report: Report,
  stop: AbortSignal,
): Promise<void> => {
  const random = makeRandom(seed)
  do {
    await attempt(report, "drain of a second proxy", async () => {
      await using second = await startPillion({ flags })
      await drain(second, { ...servers, in: second.ports.in, out: second.ports.out }, random)
    })
    if (!stop.aborted) await Bun.sleep(pauseMilliseconds)
  } while (!stop.aborted)
}
