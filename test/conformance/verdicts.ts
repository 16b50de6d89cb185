/**
 * Verdicts: the judgements that many cases share. Ours is held to contract.md; another's proxy to what the RFCs leave
 * it free to do, which is more.
 */
import { field, type Message, readResponse, status } from "../support/http.ts"
import type { Peer } from "../support/peer.ts"
import { see } from "../support/strict.ts"
import { Recorder } from "./recorder.ts"
import type { Case, Stage } from "./runner.ts"
import { looksWhole, must, same } from "./talk.ts"

/**
 * Ours answers with one of these statuses, says nothing more, and ends the connection. Of another's proxy any error
 * status will do, and an end without a word: the RFCs leave both to it.
 */
export const isRefused = async (stage: Stage, client: Peer, ...wanted: ReadonlyArray<number>): Promise<void> => {
  if (!stage.ours) {
    const code = await statusOrEnd(client)
    return must(code === "end" || code >= 400, `status ${code} where ${wanted.join(" or ")} was due`)
  }
  const response = await readResponse(client)
  must(wanted.includes(status(response)), `status ${status(response)} where ${wanted.join(" or ")} was due`)
  await client.untilOver()
  same("bytes behind the refusal", client.pending.toString("latin1"), "")
}

export interface RefusedRequest extends Omit<Case, "play"> {
  /** What the client sends, for an origin of this authority. */
  readonly sends: (authority: string) => string
  readonly status: number | ReadonlyArray<number>
  /** The clause also allows to repair it: another's proxy may pass on one clean request instead of refusing. */
  readonly repairable?: boolean
}

/** A request that is answered with an error and the end of the connection, and of which the origin hears nothing. */
export const refused = ({ sends, status: wanted, repairable, ...described }: RefusedRequest): Case => ({
  ...described,
  async play(stage) {
    const recorder = await Recorder.open(stage)
    const client = await stage.client()
    client.send(sends(recorder.authority))
    if (!stage.ours) return await refusedByAnother(client, recorder, repairable === true)
    await isRefused(stage, client, ...[wanted].flat())
    same("bytes at the origin", recorder.bytes, "")
  },
})

/** Another's proxy refuses one bad request as it likes, or repairs it; it never passes it on as it was. */
export const refusedByAnother = async (client: Peer, recorder: Recorder, repairable: boolean): Promise<void> => {
  const code = await Promise.race([statusOrEnd(client), recorder.untilUnclean(60_000)])
  if (code === "end" || code >= 400) return same("whole requests at the origin", recorder.requests, 0)
  must(repairable, `status ${code} where an error was due`)
  must(recorder.requests <= 1, `one request became ${recorder.requests}`)
}

/** The status of an answer of which nothing else matters, or that the connection ended without any. */
const statusOrEnd = async (client: Peer): Promise<number | "end"> => {
  try {
    return Number((await client.readUntil("\r\n")).split(" ")[1])
  } catch (cause) {
    if (client.ended || client.failure !== undefined) return "end"
    throw cause
  }
}

/**
 * The origin failed: ours says so with a 502 and this reason of RFC 9209. The client of another's proxy gets an error
 * too, or at least nothing that it could take for a whole answer.
 */
export const isBadGateway = async (stage: Stage, client: Peer, reason: RegExp): Promise<void> => {
  if (stage.ours) {
    const response = await readResponse(client)
    same("status", status(response), 502)
    const told = field(response, "Proxy-Status") ?? ""
    return must(reason.test(told), `Proxy-Status is ${told}`)
  }
  const code = await statusOrEnd(client)
  if (code === "end" || code >= 400) return
  const over = await client.untilOver()
  const bytes = `HTTP/1.1 ${code}\r\n${client.pending.toString("latin1")}`
  must(!looksWhole(bytes, over), `status ${code} where 502 was due`)
}

/** A request with this body comes to the origin once and whole; returns all that the origin got. */
export const passes = async (client: Peer, recorder: Recorder, body = ""): Promise<string> => {
  const response = await Promise.race([readResponse(client), recorder.untilUnclean(60_000)])
  same("the answer", [status(response), response.body], [200, "recorded"])
  same("requests at the origin", recorder.requests, 1)
  same("the body", see(recorder.bytes).requests[0]?.body, body)
  return recorder.bytes
}

/**
 * The connection for the next request. Another's proxy may close any connection behind an answer (RFC 9112 section
 * 9.3); ours promises to keep it.
 */
export const next = async (stage: Stage, client: Peer, response: Message): Promise<Peer> => {
  if (stage.ours) return client
  if (field(response, "Connection")?.toLowerCase() === "close") return await stage.client()
  // Some close without saying so. Nothing tells that one will not: a moment is given to see it.
  return await client.untilOver(200).then(
    () => stage.client(),
    () => client,
  )
}
