/**
 * Followed requests: the HTTP requests of a connection whose bytes are carried as they are. A wiretap of its relay reads
 * them as they pass; each is reported when it is over, as one of an exchange is.
 *
 * What cannot be followed any more is not guessed at: the reading ends, its reason is noted in the flow, and the bytes go
 * on.
 */
import type { EndedBy, Flow, Unfollowed } from "../flow/flow.ts"
import type { RequestRecord } from "../flow/request-record.ts"
import { Delivery, type DeliveryOwner, uncertainBytes } from "../net/common/delivery.ts"
import type { End } from "../net/common/end.ts"
import type { Settings } from "../config/settings.ts"
import type { Side, Wiretap } from "../net/tunnel/wiretap.ts"
import type { CutBy, Followed, FollowerOwner } from "../protocol/http/passive/followed.ts"
import { type FollowerLimits, HttpFollower } from "../protocol/http/passive/follower.ts"
import { looksLikeHttp } from "../protocol/http/passive/recognise.ts"
import type { Unreadable } from "../protocol/http/passive/unreadable.ts"
import type { ExchangeRecording, RecorderSwitch } from "../protocol/recording.ts"
import { turnTime } from "../system/turn-clock.ts"

import type { ConnectionObserver } from "./listener-context.ts"
import { endRecording, recordStream, recordUnheard } from "./recorded-tunnel.ts"

/** What a listener's context has for this. */
export interface FollowContext {
  readonly settings: () => Pick<Settings, "followHttp" | "maxHeadBytes" | "maxHeadFields" | "halfCloseTimeout">
  readonly observer: Pick<ConnectionObserver, "followed" | "unfollowed">
  readonly recorders: RecorderSwitch
}

/**
 * Requests of one connection that may be without their answer at one time: more than any client sends ahead. Further ones
 * end the reading.
 */
export const maxPipelined = 1024

/**
 * Who listens to a connection whose `client` began with `first`: undefined where that is no HTTP, or nobody wants it read.
 * `held`: these bytes came before the target was connected.
 */
export const followRequests = (
  first: Uint8Array,
  held: boolean,
  flow: Flow,
  client: End,
  context: FollowContext,
): Wiretap | undefined => {
  // What follows an upgrade is another protocol.
  if (!context.settings().followHttp || (flow.protocol === "http" && flow.carriedRequests)) return undefined
  const found = looksLikeHttp(first)
  const isHttp = found === "http" || flow.protocol === "http"
  if (found !== "other") return new FollowedRequests(isHttp, held, flow, client, context)
  // Of all that begins as HTTP does only the preface of HTTP/2 is another protocol.
  if (flow.protocol === "http") {
    flow.unfollow("http2")
    context.observer.unfollowed(flow, "http2")
  }
  return undefined
}

const limitsOf = ({ maxHeadBytes, maxHeadFields }: ReturnType<FollowContext["settings"]>): FollowerLimits => ({
  maxHeadBytes,
  maxHeadFields,
  maxPipelined,
})

class FollowedRequests implements Wiretap, FollowerOwner, DeliveryOwner {
  isDone = false
  /** Who records what follows. */
  successor: Wiretap | undefined = undefined
  /** It is certain that this is HTTP. */
  private isHttp: boolean
  private readonly flow: Flow
  private readonly client: End
  private readonly context: FollowContext
  private readonly http: HttpFollower
  /** When the first bytes came, where that was before the target was connected; on the monotonic clock. */
  private heldSince: number | undefined
  /** How much the client will have been sent with everything that has come so far; undefined before the target speaks. */
  private toClient: number | undefined = undefined
  /** A request with a large answer, as long as the client may not have all of it; and how much it was sent then. */
  private delivering: Followed | undefined = undefined
  private endsAt = 0
  private delivery: Delivery | undefined = undefined
  /** The relay is over. */
  private isOver = false
  /** A request that was under way then says how the connection ended. */
  private cutIsReported = false
  /** What follows is not read any more, beginning with the bytes that are told of now. */
  private isLost = false
  private reported = 0

  constructor(isHttp: boolean, held: boolean, flow: Flow, client: End, context: FollowContext) {
    this.isHttp = isHttp
    this.flow = flow
    this.client = client
    this.context = context
    this.heldSince = held ? flow.started + (flow.handshakeAt ?? 0) : undefined
    this.http = new HttpFollower(limitsOf(context.settings()), this)
  }

  carried(from: Side, bytes: Uint8Array): void {
    if (from === "target") {
      this.count(bytes.length)
      this.http.response(bytes, turnTime())
    } else {
      // Who asks for more has what came before, as far as anybody can know.
      this.delivered()
      const now = this.heldSince ?? turnTime()
      this.heldSince = undefined
      this.http.request(bytes, now)
    }
    // Nobody knows what of these bytes was read.
    if (this.isLost) this.successor?.carried(from, bytes)
  }

  skippable(from: Side): number {
    return from === "client" ? this.http.requestSkippable : this.http.responseSkippable
  }

  skipped(from: Side, count: number): void {
    if (from === "client") return this.http.requestSkipped(count, turnTime())
    this.count(count)
    this.http.responseSkipped(count, turnTime())
  }

  finished(from: Side): void {
    if (from === "client") this.http.requestEnded(turnTime())
    else this.http.responseEnded(turnTime())
  }

  /** A connection whose requests say everything, of every byte and of its end, needs no line of its own. */
  over(): void {
    const { flow } = this
    this.isOver = true
    this.http.ended(flow.endedBy === "target" ? "target" : "client", turnTime())
    this.settle()
    if (this.reported === 0 && !this.isDone) recordUnheard(this.context.recorders, flow)
    // Bytes of a head that was never whole are no request's.
    const { requestHeads, answerHeads } = this.http
    if (this.isDone || this.reported === 0 || requestHeads.partial + answerHeads.partial > 0) return
    // Who made a tunnel by a handshake has a line for that.
    const isAsked = flow.protocol !== "http" && flow.protocol !== "tcp"
    const isUsual = flow.code === undefined && (flow.endedBy === "client" || flow.endedBy === "target")
    if (!isAsked && (isUsual || this.cutIsReported)) flow.logged = "everything"
  }

  failed(cause: unknown): void {
    this.http.stop()
    this.stop("defect", undefined, cause)
  }

  record(isProbe: boolean, now: number): ExchangeRecording | undefined {
    return this.context.recorders.current?.begin(isProbe, now)
  }

  followed(request: Followed): void {
    this.isHttp = true
    this.delivered()
    if (request.cut !== undefined) return this.report(request, this.endingOf(request.cut, request.status))
    if (request.bytesOut < uncertainBytes) return this.report(request, undefined)
    this.delivering = request
    this.endsAt = this.toClient ?? 0
    this.delivery = new Delivery(this.client, this.endsAt, this.context.settings().halfCloseTimeout, this)
  }

  /** The client has all of its last answer, or goes on. */
  delivered(): void {
    const { delivering } = this
    if (delivering !== undefined) this.reportLarge(delivering, undefined)
  }

  /** No tunnel ends by that: what becomes of the answer shows when the client goes on, or when the connection is over. */
  stalled(): void {
    this.delivery = undefined
  }

  lost({ reason, detail }: Unreadable): void {
    // What only began as HTTP may is another protocol, and a tunnel like any other.
    if (this.isHttp) this.stop(reason, detail)
    else this.isDone = true
    this.isLost = true
    const lost = this.isHttp ? detail : undefined
    this.successor = recordStream(this.context.recorders, this.flow, { n: this.reported + 1, lost })
  }

  upgraded(to: string): void {
    this.stop("upgrade", to)
    this.successor ??= recordStream(this.context.recorders, this.flow, { n: this.reported + 1 })
  }

  /** The connection is over: the client has the last answer, or will not have it. */
  private settle(): void {
    const { delivering, client, endsAt } = this
    if (delivering === undefined) return
    if (client.sent - client.unacknowledged() >= endsAt) return this.delivered()
    const by = byWhom(this.flow.endedBy, "client")
    this.reportLarge(delivering, { by, error: "the client took no more of its answer" })
  }

  private reportLarge(request: Followed, ending: Ending | undefined): void {
    this.delivering = undefined
    this.delivery?.cancel()
    this.delivery = undefined
    this.report(request, ending)
  }

  private count(bytes: number): void {
    this.toClient ??= this.client.sent
    this.toClient += bytes
  }

  /** How a request ended that was not answered in full. */
  private endingOf(cut: CutBy, status: number): Ending {
    const by = this.isOver ? byWhom(this.flow.endedBy, cut) : cut
    return { by, error: errorOf(by, status, this.isOver ? this.flow.code : undefined) }
  }

  private report(request: Followed, ending: Ending | undefined): void {
    if (ending !== undefined) this.cutIsReported = true
    const { flow } = this
    const record = recordOf(request, ending, flow, ++this.reported)
    this.context.observer.followed(flow, record)
    const { requestIsWhole, answerIsWhole } = request
    const { recording, upgrade } = request
    if (recording === undefined) return
    const passed = { n: this.reported, requestIsWhole, responseIsWhole: answerIsWhole }
    this.successor = endRecording(recording, upgrade, flow, record, passed)
  }

  private stop(why: Unfollowed, detail?: string, cause?: unknown): void {
    this.isDone = true
    this.delivered()
    this.flow.unfollow(why, detail)
    this.context.observer.unfollowed(this.flow, why, cause)
  }
}

/** Who ended a request before its answer was whole, or before the client had all of it; and that in words. */
interface Ending {
  readonly by: EndedBy
  readonly error: string
}

/**
 * A request that was followed, for the access log; the `n`th of its connection. One that came before the target was
 * connected has waited for that.
 */
const recordOf = (request: Followed, ending: Ending | undefined, flow: Flow, n: number): RequestRecord => {
  const { startedAt, answeredAt } = request
  const connectedAt = Math.max(startedAt, flow.started + (flow.dialledAt ?? 0))
  return {
    n,
    method: request.method,
    authority: request.authority ?? flow.target ?? "-",
    target: flow.target,
    path: request.path,
    version: request.version,
    status: request.status,
    started: startedAt,
    elapsed: request.endedAt - startedAt,
    dialled: n === 1 && connectedAt > startedAt ? connectedAt - startedAt : undefined,
    firstByte: answeredAt === undefined ? undefined : answeredAt - connectedAt,
    bytesIn: request.bytesIn,
    bytesOut: request.bytesOut,
    endedBy: ending?.by,
    phase: "data",
    error: ending?.error,
    refusal: undefined,
    isProbe: request.isProbe,
    traceparent: request.traceparent,
  }
}

/** Neither side, where the proxy has ended it, or time. */
const byWhom = (endedBy: EndedBy | undefined, cut: CutBy): EndedBy =>
  endedBy === undefined || endedBy === "client" || endedBy === "target" ? cut : endedBy

const errorOf = (endedBy: EndedBy, status: number, code: string | undefined): string => {
  const how = code === undefined ? "" : ` (${code})`
  switch (endedBy) {
    case "client":
      return `the client closed${how}`
    case "target":
      return `${status === 0 ? "the target closed before it answered" : "the target ended its answer early"}${how}`
    case "timeout":
      return "the connection was half open for too long"
    case "proxy":
    case "limit":
    case "drain":
      return "the connection was ended"
  }
}
