/**
 * Exchange context: what an exchange is given, and what it asks for.
 */
import type { RequestRecord } from "../../flow/request-record.ts"
import type { Forwarding } from "../../protocol/http/forward.ts"
import type { Inbox } from "../../protocol/inbox.ts"
import type { Refusal } from "../../protocol/refusal.ts"
import type { CarriedRecording, ExchangeRecording, RecorderSwitch } from "../../protocol/recording.ts"
import type { Target } from "../../protocol/target.ts"

import type { Drain } from "../common/drain-signal.ts"
import type { End } from "../common/end.ts"
import type { OriginConnection } from "./origin-connection.ts"
import type { ClientOriginLimits } from "./client-origins.ts"
import type { OriginPool } from "./origin-pool.ts"
import type { DescriptorBudget } from "../sockets/descriptor-budget.ts"
import type { Splicer } from "../splice/splicer.ts"

/** Shared by the exchanges of one listener. Limits are read when they are used: a reload changes them. */
export interface ExchangeContext {
  /** Where a request goes that names `asked`, or why it goes nowhere. The same target is the same object. */
  readonly resolve: (asked: Target | undefined) => Target | Refusal
  readonly limits: () => ExchangeLimits
  readonly pseudonym: string
  readonly forwarding: Forwarding
  readonly drain: Drain
  readonly idleOrigins: DescriptorBudget
  readonly originPool: OriginPool
  readonly splicer: Pick<Splicer, "move">
  readonly recorders: RecorderSwitch
}

/** A request that was recorded, and is over. */
export interface RecordedRequest {
  readonly recording: ExchangeRecording
  /** Who records what the connection has become behind its answer; bytes that came with that were told already. */
  readonly upgrade: CarriedRecording | undefined
  /** Its number within its connection, from 1. */
  readonly n: number
  readonly requestIsWhole: boolean
  readonly responseIsWhole: boolean
}

/** Hears what an exchange needs, and what became of its requests. */
export interface ExchangeOwner {
  /** Gives what is needed, perhaps at once. Called in the middle of the exchange's own work. */
  readonly needs: (need: Need) => void
  /** Called for every request, with the origin connection that it is sent on. */
  readonly sends: (origin: OriginConnection) => void
  /** Called once for every request, when its answer is over. */
  readonly answered: (answered: RequestRecord) => void
  /** Called behind `answered` for a request that was recorded: its recording is to be told when it is over. */
  readonly recorded: (answered: RequestRecord, recorded: RecordedRequest) => void
}

export interface ExchangeLimits extends ClientOriginLimits {
  /** Milliseconds for a whole head, from its first byte. */
  readonly handshakeTimeout: number
}

/** A thing that an exchange cannot do by itself. */
export type Need =
  /** Connect to `target`, then `supply` the connection or `decline` with the reason. */
  | { readonly _tag: "Origin"; readonly target: Target }
  /** The client's next request is a CONNECT, whole in its inbox: the connection goes on as a handshake. */
  | { readonly _tag: "Connect"; readonly inbox: Inbox; readonly finished: boolean }
  /** The origin agreed to switch protocols: what follows is a tunnel. */
  | {
      readonly _tag: "Upgraded"
      readonly origin: End
      readonly toClient: Uint8Array
      readonly toTarget: Uint8Array
      readonly finished: boolean
    }
  /** Nothing: the client is closed, or is being closed. */
  | { readonly _tag: "Closed" }
  /** Close the client in order behind `reply`, or reset it where there is none. */
  | { readonly _tag: "Close"; readonly reply: Uint8Array | undefined }
