/**
 * Record: what `pillion record` sets where nothing else does, and what it says at its end. All else is as with `run`.
 */
import { shortId } from "../../capture/ids.ts"
import type { Capture } from "../../capture/live/capture.ts"
import type { Texts } from "../../config/find.ts"
import type { Log } from "../../observe/log/log.ts"

/**
 * Records that are made into tests are to be whole, so there is more room than where one only looks. A cut one can neither
 * be sent again nor answered from.
 */
export const recordDefaults: Texts = {
  path: "record",
  values: new Map([
    ["capture", "captures"],
    ["capture-body", "16MiB"],
    ["capture-memory", "256MiB"],
    ["capture-disk", "2GiB"],
  ]),
}

/** Says what is there at the end, what is missing, and which records were cut. `where` is the value of `capture`. */
export const tellRecorded = (log: Log, where: string, capture: Pick<Capture, "counters" | "dropped">): void => {
  const { records, cut } = capture.counters
  const count = sum(records.values())
  if (count === 0) log.warn("nothing was recorded: nothing passed that capture-filter lets through", { capture: where })
  else if (where === "memory") log.info("recorded, and gone with this process", { records: count })
  else log.info("recorded", { records: count, capture: where, next: `pillion ls --from ${where}` })
  const missing = Object.entries(capture.dropped).filter(([, each]) => each > 0)
  if (missing.length > 0) log.warn("records are missing, by the reason", Object.fromEntries(missing))
  if (cut.count > 0) {
    const ids = `${cut.ids.map(shortId).join(" ")}${cut.count > cut.ids.length ? " ..." : ""}`
    log.warn("records were cut, and can be neither replayed nor served", { records: cut.count, ids })
  }
}

const sum = (counts: Iterable<number>): number => [...counts].reduce((all, each) => all + each, 0)
