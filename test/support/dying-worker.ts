/** Dying worker: the thread that makes records, which ends at its second batch before it has written any of it. */
import type { Order } from "../../src/capture/worker/messages.ts"
import { RecordThread } from "../../src/capture/worker/record-thread.ts"

declare const self: Worker

let batches = 0
const thread = new RecordThread((report, moved) => self.postMessage(report, [...moved]))
self.addEventListener("message", ({ data }: MessageEvent<Order>) => {
  if (data._tag === "Batch" && ++batches === 2) process.exit(3)
  void thread.heed(data)
})
