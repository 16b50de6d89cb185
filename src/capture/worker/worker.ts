/**
 * Worker: the thread in which records are made, as a program of its own. Nothing imports it: the executable is built with
 * it, and `maker-thread.ts` starts it.
 */
import { lowerThreadPriority } from "../../system/thread-priority.ts"

import type { Order } from "./messages.ts"
import { RecordThread } from "./record-thread.ts"

/** The nice value of this thread: where both want one core, the event loop gets nine tenths of it. */
const nice = 10

declare const self: Worker

lowerThreadPriority(nice)
const thread = new RecordThread((report, moved) => self.postMessage(report, [...moved]))
self.addEventListener("message", ({ data }: MessageEvent<Order>) => void thread.heed(data))
