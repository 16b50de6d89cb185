/**
 * Limits: every deadline and bound of the program as a Markdown table, made from the constants and the defaults of the
 * options. A row names the constants that it was made from.
 */
import { maxHead, maxVisitors, visitTimeout } from "../src/admin/probes.ts"
import { maxListed, maxListSlice } from "../src/admin/captures/captures.ts"
import { maxRecordReaders, maxRecordWait } from "../src/admin/captures/record-tap.ts"
import { maxReaders, maxWait as maxTapWait } from "../src/admin/tap.ts"
import { maxBatch, maxBatchBytes, maxBatches, queueShare, restartAfter } from "../src/capture/live/making-queue.ts"
import { maxEnding } from "../src/capture/worker/maker-thread.ts"
import { maxSegmentAge, maxSegmentBytes, minFreeBytes, minFreeShare } from "../src/capture/directory/plan.ts"
import { maxArrivals } from "../src/capture/recorder/arrivals.ts"
import { maxRememberedCauses } from "../src/capture/recorder/causes.ts"
import { maxInterims, maxRecordedHead } from "../src/capture/recorder/recording.ts"
import { maxFrameBytes, maxFrames } from "../src/capture/recorder/socket-frames.ts"
import { maxFirstBytes } from "../src/capture/recorder/stream-recording.ts"
import { maxKnownSecrets } from "../src/capture/redact/known.ts"
import { maxPlaces as maxPlaceRules } from "../src/capture/redact/rules.ts"
import { maxKey, maxRulesFile, minKey } from "../src/cli/capture/capture-files.ts"
import { maxLine } from "../src/cli/running/admin-client.ts"
import { maxRedactions } from "../src/capture/redact/edits.ts"
import { maxRedactionTime } from "../src/capture/redact/scan.ts"
import { maxPlaces } from "../src/capture/search.ts"
import { maxFindings } from "../src/cli/records/redact.ts"
import { maxCaseFile } from "../src/cli/records/case-files.ts"
import { listTimeout } from "../src/cli/records/running-source.ts"
import { defaultLimit } from "../src/cli/records/selection.ts"
import { markdownCode as code, markdownTable } from "../src/cli/help/markdown.ts"
import type { Settings } from "../src/config/settings.ts"
import { defaultText, options } from "../src/config/options.ts"
import { lingerBytes, lingerTimeout } from "../src/net/common/linger.ts"
import { minRate } from "../src/net/common/progress.ts"
import { stagger } from "../src/net/dial/race.ts"
import { maxAddresses } from "../src/net/dial/resolution.ts"
import { foundTtl, maxRememberedNames, missingTtl } from "../src/net/dial/resolution-cache.ts"
import { maxIdleOriginsPerClient } from "../src/net/http/client-origins.ts"
import { idleAnswerWithin, maxInterimAnswers } from "../src/net/http/download.ts"
import { chunkBytes } from "../src/net/polled/poller.ts"
import { maxAcceptRetryDelay } from "../src/net/polled/polled-listener.ts"
import { batchBytes, maxWrites } from "../src/net/polled/write-batch.ts"
import { kernelDeliveryTimeout } from "../src/net/sockets/socket-calls.ts"
import { backlog } from "../src/net/sockets/sockets.ts"
import { keepAliveProbeAfter } from "../src/net/sockets/tcp-keep-alive.ts"
import { pipeBytes } from "../src/net/splice/pipe.ts"
import { maxRoutes, maxStatuses } from "../src/observe/metrics/destination.ts"
import { maxPoints } from "../src/observe/metrics/history.ts"
import { maxTemplate } from "../src/observe/metrics/route-template.ts"
import { maxReasons } from "../src/observe/metrics/tally.ts"
import { maxDepth, maxFilter, maxTerms } from "../src/observe/filter/parse.ts"
import { maxQueue } from "../src/observe/output/output.ts"
import { maxExtensionBytes, maxExtensionBytesPerMessage } from "../src/protocol/http/body.ts"
import { maxMethodBytes, maxRequestLineBytes } from "../src/protocol/http/request.ts"
import { maxHeldBytes } from "../src/protocol/inbox.ts"
import { maxPipelined } from "../src/proxy/followed-requests.ts"
import { maxTurnedAway } from "../src/proxy/open-connections.ts"

/** Constants by their names in the code. */
type Constants = Readonly<Record<string, number>>

interface Row {
  readonly what: string
  /** Made from the default of the row's first option, and from its constants. */
  readonly bound: (initial: string) => string
  readonly by?: ReadonlyArray<keyof Settings>
  readonly from?: Constants
}

/** `250 ms`, `10 s`. */
const time = (milliseconds: number): string =>
  milliseconds % 1000 === 0 ? `${milliseconds / 1000} s` : `${milliseconds} ms`

/** `256 bytes`, `64 KiB`. */
const size = (bytes: number): string => {
  const units = ["bytes", "KiB", "MiB", "GiB"]
  const unit = units.findLastIndex((_, i) => bytes % 1024 ** i === 0)
  return `${bytes / 1024 ** unit} ${units[unit]}`
}

/** The default of an option as a sentence has it: `10 s` for `10s`, `64 KiB` for `64KiB`. */
const initialOf = (key: keyof Settings): string => (defaultText(key) ?? "").replace(/^(\d+)(?=[a-zA-Z])/, "$1 ")

const rows: ReadonlyArray<Row> = [
  { what: "a handshake or a request head, whole", bound: (initial) => initial, by: ["handshakeTimeout"] },
  { what: "a dial: the name and every address together", bound: (initial) => initial, by: ["dialTimeout"] },
  {
    what: "a connection that one side has finished with; a peer that takes nothing of what is owed to it",
    bound: (initial) => `${initial}, given again while at least ${size(minRate)} a second goes through`,
    by: ["halfCloseTimeout"],
    from: { minRate },
  },
  { what: "an HTTP connection between requests", bound: (initial) => initial, by: ["keepAliveTimeout"] },
  {
    what: "a tunnel with nothing to say",
    bound: () => `none; a peer that is gone is found by TCP keep-alive, first asked after ${time(keepAliveProbeAfter)}`,
    from: { keepAliveProbeAfter },
  },
  { what: "connections", bound: (initial) => initial, by: ["maxConnections"] },
  {
    what: "connections over that number that are answered, not reset",
    bound: () => `${maxTurnedAway} at a time`,
    from: { maxTurnedAway },
  },
  {
    what: "an HTTP head",
    bound: (initial) =>
      `${initial}, ${initialOf("maxHeadFields")} fields; a request line ${size(maxRequestLineBytes)}, its method ${size(maxMethodBytes)}`,
    by: ["maxHeadBytes", "maxHeadFields"],
    from: { maxRequestLineBytes, maxMethodBytes },
  },
  {
    what: "chunk extensions",
    bound: () =>
      `${size(maxExtensionBytes)} each, ${size(maxExtensionBytesPerMessage)} in a message; they are never passed on`,
    from: { maxExtensionBytes, maxExtensionBytesPerMessage },
  },
  {
    what: "requests of one connection that are read as they pass, without an answer; more end the reading",
    bound: () => String(maxPipelined),
    from: { maxPipelined },
  },
  { what: "interim (1xx) answers to one request", bound: () => String(maxInterimAnswers), from: { maxInterimAnswers } },
  {
    what: "a 408 from an origin that counts as the end of its idle connection, and not as the answer",
    bound: () => `within ${time(idleAnswerWithin)} of the request`,
    from: { idleAnswerWithin },
  },
  {
    what: "bytes held for a client while its target is dialled, or an earlier request of it is answered",
    bound: () => `${size(maxHeldBytes)} and the chunk that exceeded it`,
    from: { maxHeldBytes },
  },
  {
    what: "bytes held for a peer that reads slowly",
    bound: () =>
      `one chunk, as it was read (${size(chunkBytes)}; 512 KiB where \`poll\` is false), or what of a splice its socket had no room for after all (seldom any; ${size(pipeBytes)} at most), behind at most ${size(batchBytes)} that were written to it in one turn; then the other side waits`,
    by: ["splice", "poll"],
    from: { chunkBytes, pipeBytes, batchBytes },
  },
  {
    what: "bytes that wait for the end of a turn of the event loop",
    bound: () => `${size(batchBytes)} in ${maxWrites} writes, over all connections`,
    by: ["poll"],
    from: { batchBytes, maxWrites },
  },
  {
    what: "connections that wait to be accepted",
    bound: () => `${backlog} (512 where \`poll\` is false), or what the system allows`,
    by: ["poll"],
    from: { backlog },
  },
  {
    what: "a listener that can accept nothing",
    bound: () => `tried again, at the latest after ${time(maxAcceptRetryDelay)}`,
    from: { maxAcceptRetryDelay },
  },
  {
    what: "last words to a client that was refused",
    bound: () =>
      `${time(lingerTimeout)} once it has them, given again while it sends at least ${size(minRate)} a second; ${size(lingerBytes)} of what it still sends`,
    from: { lingerTimeout, minRate, lingerBytes },
  },
  {
    what: "bytes that the kernel delivers for a socket that the proxy has left",
    bound: () => `${time(kernelDeliveryTimeout)} in which its peer takes nothing`,
    from: { kernelDeliveryTimeout },
  },
  {
    what: "origins kept ready for one client connection",
    bound: () => String(maxIdleOriginsPerClient),
    from: { maxIdleOriginsPerClient },
  },
  {
    what: "a connection to an origin that a client has left, for the next client's request",
    bound: (initial) => `${initial} after it was made; ${initialOf("maxIdleOrigins")} of them`,
    by: ["originReuse", "maxIdleOrigins"],
  },
  {
    what: "sockets in all",
    bound: () => "2 for each connection that is allowed; kept origins and overtaken dials give way",
    by: ["maxConnections"],
  },
  {
    what: "the health port",
    bound: () =>
      `${maxVisitors} connections, the oldest gives way; a head of ${size(maxHead)} within ${time(visitTimeout)}`,
    from: { maxVisitors, maxHead, visitTimeout },
  },
  {
    what: "readers of `/tap`",
    bound: () => `${maxReaders}; ${maxTapWait} characters that one has not read, then lines are dropped and counted`,
    from: { maxReaders, maxWait: maxTapWait },
  },
  {
    what: "readers of `/tap?bodies=1`",
    bound: () =>
      `${maxRecordReaders}; ${size(maxRecordWait)} that one has not read, or one record that is longer, then records are dropped and counted`,
    from: { maxRecordReaders, maxRecordWait },
  },
  {
    what: "memory for records: under way, waiting to be made, and kept",
    bound: (initial) =>
      `${initial}; the oldest that are kept make room, and what does not fit is dropped or cut, and counted`,
    by: ["captureMemory"],
  },
  {
    what: "what is recorded of a body",
    bound: (initial) => `${initial}, 16 MiB at most; of a head, and of trailers, ${size(maxRecordedHead)}`,
    by: ["captureBody"],
    from: { maxRecordedHead },
  },
  {
    what: "interim answers that a record has, and pieces of a body of which it tells when they came",
    bound: () => `${maxInterims}, ${maxArrivals}`,
    from: { maxInterims, maxArrivals },
  },
  {
    what: "what waits for the thread that makes records",
    bound: () =>
      `${queueShare * 100} % of the memory for records, then records are dropped and counted; ${maxBatches} batches of ${maxBatch} or ${size(maxBatchBytes)} are with it`,
    from: { queueShare, maxBatches, maxBatch, maxBatchBytes },
  },
  {
    what: "a thread that makes records and has died",
    bound: () => `is started again ${time(restartAfter)} after its start, or later`,
    from: { restartAfter },
  },
  {
    what: "a thread that makes records and is to end",
    bound: () => `is ended ${time(maxEnding)} later`,
    from: { maxEnding },
  },
  {
    what: "processor time that redaction may take for a record",
    bound: () => `${time(maxRedactionTime)}, then its bodies are left out; as long again for its heads`,
    from: { maxRedactionTime },
  },
  {
    what: "a capture directory",
    bound: (initial) =>
      `${initial}; segments of ${size(maxSegmentBytes)} before they are compressed, a quarter of that at most, or ${time(maxSegmentAge)}; the oldest go, also where the file system has less than ${minFreeShare * 100} % or ${size(minFreeBytes)} left (of a small one a quarter)`,
    by: ["captureDisk"],
    from: { maxSegmentBytes, maxSegmentAge, minFreeShare, minFreeBytes },
  },
  {
    what: "inbound requests that are over and may be the cause of outbound ones that are not",
    bound: () => `${maxRememberedCauses}, the last ones; a cause that may be another's is none`,
    from: { maxRememberedCauses },
  },
  {
    what: "a file of redaction rules, and a key",
    bound: () => `${size(maxRulesFile)} with ${maxPlaceRules} places in a list; ${minKey} to ${maxKey} bytes`,
    by: ["captureRedact", "captureKey"],
    from: { maxRulesFile, maxPlaces: maxPlaceRules, minKey, maxKey },
  },
  {
    what: "a list of `/captures`",
    bound: () => `${maxListed} records, the newest; made in slices of ${time(maxListSlice)}`,
    from: { maxListed, maxListSlice },
  },
  {
    what: "records that a command waits for the running proxy to send",
    bound: () => `${time(listTimeout)}`,
    from: { listTimeout },
  },
  {
    what: "a line of a list or a stream that a command takes",
    bound: () => `${maxLine / 2 ** 20} Mi characters`,
    from: { maxLine },
  },
  {
    what: "destinations that are counted by name",
    bound: (initial) =>
      `${initial} in each direction, the first ones; ${maxRoutes} routes each, of ${maxTemplate} characters, ${maxStatuses} status codes and ${maxReasons} reasons; the rest is \`other\``,
    by: ["metricsDestinations"],
    from: { maxRoutes, maxTemplate, maxStatuses, maxReasons },
  },
  {
    what: "points of `/history`",
    bound: () => `${maxPoints}, one a second`,
    from: { maxPoints },
  },
  {
    what: "a filter",
    bound: () => `${maxFilter} characters, ${maxTerms} words and terms, ${maxDepth} parentheses and negations deep`,
    from: { maxFilter, maxTerms, maxDepth },
  },
  {
    what: "records that a command lists or saves",
    bound: () => `${defaultLimit}, the newest, unless \`--limit\` says otherwise; what is left out is said`,
    from: { defaultLimit },
  },
  {
    what: "places that `search` shows of a record, and that `redact --test` counts",
    bound: () => `${maxPlaces}; ${maxFindings}, and ${maxRedactions} of a record`,
    from: { maxPlaces, maxFindings, maxRedactions },
  },
  {
    what: "frames of a WebSocket in its record",
    bound: () => `${maxFrames}, and ${size(maxFrameBytes)} of payload; what follows is read for how it was closed`,
    from: { maxFrames, maxFrameBytes },
  },
  {
    what: "first bytes of a connection that nobody can read",
    bound: () => `${size(maxFirstBytes)} of each side, with \`capture-opaque\``,
    from: { maxFirstBytes },
  },
  {
    what: "values of a record that are looked for wherever they stand in it",
    bound: () => `${maxKnownSecrets}`,
    from: { maxKnownSecrets },
  },
  { what: "a case file, and a file beside one", bound: () => size(maxCaseFile), from: { maxCaseFile } },
  {
    what: "addresses tried for one name, and the head start of each",
    bound: () => `${maxAddresses}, ${time(stagger)}`,
    from: { maxAddresses, stagger },
  },
  {
    what: "names remembered",
    bound: () => `${maxRememberedNames}, for ${time(foundTtl)} (${time(missingTtl)} when not found)`,
    from: { maxRememberedNames, foundTtl, missingTtl },
  },
  {
    what: "log lines that wait to be written",
    bound: () => `${size(maxQueue)}; then lines are dropped and counted`,
    from: { maxQueue },
  },
]

export const limitsMarkdown = (): string =>
  markdownTable(
    ["what", "bound", "option", "constant"],
    rows.map(({ what, bound, by = [], from = {} }) => [
      what,
      bound(by[0] === undefined ? "" : initialOf(by[0])),
      by.map((key) => code(options[key].name)).join(", "),
      Object.keys(from).map(code).join(", "),
    ]),
  )
