/** Deaf worker: the thread that makes records, which hears what it is told and does nothing. */
declare const self: Worker

self.addEventListener("message", () => {})
