/** Stopped worker: the thread that makes records, which does nothing at all for a while before its second batch. */
import type { Order } from "../../src/capture/worker/messages.ts"
import { RecordThread } from "../../src/capture/worker/record-thread.ts"

declare const self: Worker

/** Milliseconds: many times what everything takes that a test does meanwhile. */
const pause = 1000

let batches = 0
const thread = new RecordThread((report, moved) => self.postMessage(report, [...moved]))
self.addEventListener("message", ({ data }: MessageEvent<Order>) => {
  if (data._tag === "Batch" && ++batches === 2) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause)
  void thread.heed(data)
})
