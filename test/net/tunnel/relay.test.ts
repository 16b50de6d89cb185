/** Relay, line by line: what it does when a peer sends, finishes, is reset, takes nothing, or takes it slowly. */
import { holdTime, plays } from "../../support/playbook.ts"
import { relay } from "../../support/worlds.ts"

holdTime()

plays(relay(), {
  "what one side sends goes to the other": `
    client > hello
    target < hello
    target > hi
    client < hi
    cancel
    client is reset
    target is reset`,

  "FIN goes on as FIN, and the second one closes both in order": `
    client finishes
    target gets FIN
    client is open
    target > bye
    client < bye
    target finishes
    target is closed in order
    client gets FIN
    client is closed in order
    relayed, ended by client
    no deadline is armed`,

  "the target may finish first": `
    target > banner
    client < banner
    target finishes
    client gets FIN
    client > more
    target < more
    client finishes
    client is closed in order
    target gets FIN
    target is closed in order
    relayed, ended by target`,

  "what does not fit waits, and its source is paused": `
    target has room for 2
    client > hello
    target < he
    client is paused
    client > more
    target drains for 1
    target < l
    client is paused
    target drains
    target < lomore
    client is read
    no deadline is armed`,

  "one chunk that comes after the pause goes behind the tail": `
    target has room for 1
    client > abc
    target < a
    client > def
    client > ghi
    target drains
    target < bcdefghi`,

  "FIN waits for the tail": `
    target has room for 1
    client > abc
    target < a
    client finishes unread
    target drains
    target < bc
    target gets FIN`,

  "bytes and FIN that wait at a paused source are passed on when there is room": `
    target has room for 1
    client > abc
    target < a
    client > def
    client > ghi
    client finishes
    target drains
    target < bcdefghi
    target gets FIN`,

  "a short write then a reset of the source": `
    target has room for 1
    client > abc
    target < a
    client resets
    target is reset
    relayed, ended by client (ECONNRESET)
    no deadline is armed`,

  "a short write then a reset of the reader": `
    target has room for 1
    client > abc
    target < a
    target resets
    client is reset
    relayed, ended by target (ECONNRESET)
    no deadline is armed`,

  "a reset goes on as a reset": `
    client resets
    target is reset
    relayed, ended by client (ECONNRESET)`,

  "whoever is reset, its code is told": `
    target resets ETIMEDOUT
    client is reset
    relayed, ended by target (ETIMEDOUT)`,

  "what a broken end had sent before is still passed on, and what comes for it thrown away": `
    target refuses writes
    client > abc
    target > last words
    client < last words
    client > thrown away
    target resets
    client is reset
    relayed, ended by target (ECONNRESET)`,

  "a broken end that lost bytes gets no FIN that looks complete": `
    target refuses writes
    client > abc
    client finishes
    target > last words
    client < last words
    target resets EPIPE
    client is reset
    relayed, ended by client`,

  "a write may be refused when there was room again: the source is read on": `
    target has room for 1
    client > abc
    target < a
    client is paused
    target refuses writes
    target drains
    client is read
    client > def
    target resets EPIPE
    client is reset
    relayed, ended by target (EPIPE)`,

  "both ends may be broken": `
    target refuses writes
    client refuses writes
    client > a
    target > b
    client resets EPIPE
    target is reset
    relayed, ended by client (EPIPE)`,

  "given up, both are reset": `
    cancel
    client is reset
    target is reset
    no deadline is armed`,

  "given up half-closed, what is whole is left to the kernel": `
    client finishes
    target gets FIN
    cancel
    client is reset
    target is left to the kernel
    no deadline is armed`,

  "given up, a slow reader that was sent everything keeps it": `
    client reads slowly
    target > bye
    client < bye
    target finishes
    client gets FIN
    cancel
    client is left to the kernel
    target is reset`,

  "given up with a tail, its reader is reset": `
    client has room for 1
    target > bye
    client < b
    target finishes
    cancel
    client is reset
    target is reset`,

  "given up twice, nothing happens again": `
    cancel
    client is reset
    target is reset
    cancel`,

  "given up when it is over, nothing happens": `
    client resets
    target is reset
    relayed, ended by client (ECONNRESET)
    cancel`,

  "each direction waits for itself": `
    client has room for 1
    target has room for 1
    client > abc
    target < a
    target > xyz
    client < x
    client drains
    client < yz
    target drains
    target < bc`,

  "FINs may cross": `
    client finishes
    target gets FIN
    target finishes
    target is closed in order
    client gets FIN
    client is closed in order
    relayed, ended by client`,

  "both may finish while both are behind": `
    client has room for 1
    target has room for 1
    client > abc
    target < a
    target > xyz
    client < x
    client finishes
    target finishes
    client drains
    client < yz
    client gets FIN
    target drains
    target < bc
    client is closed in order
    target gets FIN
    target is closed in order
    relayed, ended by target`,

  "news of room that nobody waited for changes nothing": `
    client drains
    target drains
    client is read`,

  "a reader that is reset with a tail for it resets its source": `
    target has room for 1
    client > abc
    target < a
    client finishes
    target resets
    client is reset
    relayed, ended by target (ECONNRESET)`,

  "who is reset after everything it sent was acknowledged ends both at once": `
    target > all
    client < all
    target finishes
    client gets FIN
    target resets
    client is reset
    relayed, ended by target`,

  "while the last bytes are delivered more for the one that is gone is thrown away": `
    client reads slowly
    target > all
    client < all
    target finishes
    client gets FIN
    target resets
    client > to nobody
    client acknowledges 3
    its time is up
    client acknowledges all
    its time is up
    client is reset
    relayed, ended by target
    its time is up`,
})

plays(relay({ toClient: "HTTP/1.1 200 OK||", toTarget: "first" }), {
  "the handshake's answer and what the client sent ahead go first": `
    client < HTTP/1.1 200 OK||
    target < first
    target > second
    client < second`,
})

plays(relay({ toTarget: "first", clientFinished: true }), {
  "a client that finished while its target was dialled is half-closed at once": `
    target < first
    target gets FIN
    target > answer
    client < answer
    target finishes
    target is closed in order
    client gets FIN`,
})

plays(relay({ before: (client) => client.pause() }), {
  "a client that was paused while its target was dialled is read again": `
    client is read`,
})

plays(
  relay({
    toTarget: "first",
    before: (client, target) => {
      client.pause()
      target.hasRoomFor(1)
    },
  }),
  {
    "it stays paused where the target does not take what it sent ahead": `
    target < f
    client is paused
    target drains
    target < irst
    client is read`,
  },
)

plays(relay({ toTarget: "first", clientFinished: true, before: (_, target) => target.hasRoomFor(1) }), {
  "its FIN waits for what it sent ahead": `
    target < f
    target drains
    target < irst
    target gets FIN`,
})

plays(relay({ toTarget: "first", before: (_, target) => void (target.refuses = true) }), {
  "a target that refuses the first bytes may still say why": `
    target > x
    client < x
    target resets EPIPE
    client is reset
    relayed, ended by target (EPIPE)`,
})

plays(relay({ toTarget: "first", before: (_, target) => target.resets() }), {
  "a target that is gone when they are joined resets the client": `
    client is reset
    relayed, ended by target (EPIPE)`,
})

plays(relay({ toClient: "ok", before: (client) => client.resets() }), {
  "a client that is gone when they are joined resets the target": `
    target is reset
    relayed, ended by client (EPIPE)`,
})
