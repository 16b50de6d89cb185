/** Linger, line by line: last words to peers that take them, are slow, or leave. */
import { holdTime, plays } from "../../support/playbook.ts"
import { linger } from "../../support/worlds.ts"

holdTime()

plays(linger("bye"), {
  "last words, FIN, and the peer closes": `
    peer < bye
    peer gets FIN
    peer finishes
    peer is closed in order
    over: delivered
    no deadline is armed`,

  "what the peer still sends is thrown away": `
    peer < bye
    peer gets FIN
    peer > more
    peer > {100000}
    peer finishes
    peer is closed in order
    over: delivered`,

  "a peer that closes is the end of the wait also by a reset": `
    peer < bye
    peer gets FIN
    peer resets
    over: delivered`,

  "a peer that has everything and does not close": `
    peer < bye
    peer gets FIN
    4999 ms pass
    1 ms pass
    peer is left to the kernel
    over: delivered`,

  "a peer that goes on sending is given its time again": `
    peer < bye
    peer gets FIN
    4000 ms pass
    peer > {6000}
    1000 ms pass
    peer is open
    5000 ms pass
    peer is left to the kernel
    over: delivered`,

  "a trickle is no progress": `
    peer < bye
    peer gets FIN
    4000 ms pass
    peer > drip
    1000 ms pass
    peer is left to the kernel
    over: delivered`,

  "given up, what was written is left to the kernel": `
    peer < bye
    peer gets FIN
    cancel
    peer is left to the kernel
    cancel
    no deadline is armed`,
})

plays(
  linger("{70000}", (peer) => peer.hasRoomFor(10)),
  {
    "words that do not fit go on, FIN behind them": `
    peer < xxxxxxxxxx
    peer drains for 10
    peer < xxxxxxxxxx
    peer drains
    peer < {69980}
    peer gets FIN
    peer finishes
    peer is closed in order
    over: delivered`,

    "a peer that takes none of them is reset at half-close-timeout": `
    peer < xxxxxxxxxx
    60000 ms pass
    peer is reset
    over: timeout`,

    "a peer that leaves before it has them": `
    peer < xxxxxxxxxx
    peer resets
    over: left`,

    "a peer that leaves in order before it has them": `
    peer < xxxxxxxxxx
    peer finishes
    peer drains
    peer < {69990}
    peer gets FIN
    peer is closed in order
    over: delivered`,

    "a peer that refuses the rest of them gets no FIN that looks complete": `
    peer < xxxxxxxxxx
    peer refuses writes
    peer drains
    peer resets EPIPE
    over: left`,

    "given up with words left": `
    peer < xxxxxxxxxx
    cancel
    peer is reset`,
  },
)

plays(
  linger("{70000}", (peer) => void (peer.slow = true)),
  {
    "a slow peer that takes enough is waited for": `
    peer < {70000}
    peer gets FIN
    55000 ms pass
    peer acknowledges 30000
    55000 ms pass
    peer acknowledges 30000
    55000 ms pass
    peer acknowledges all
    peer finishes
    peer is closed in order
    over: delivered`,

    "a slow peer that takes a trickle is left to the kernel": `
    peer < {70000}
    peer gets FIN
    55000 ms pass
    peer acknowledges 10
    5000 ms pass
    peer is left to the kernel
    over: timeout`,

    "a slow peer that has everything then has five seconds": `
    peer < {70000}
    peer gets FIN
    peer acknowledges all
    5000 ms pass
    peer is open
    5000 ms pass
    peer is left to the kernel
    over: delivered`,

    "a slow peer that is reset has left": `
    peer < {70000}
    peer gets FIN
    peer acknowledges 100
    peer resets
    over: left`,

    "a slow peer that finishes is waited for": `
    peer < {70000}
    peer gets FIN
    peer finishes
    peer is open
    peer acknowledges all
    peer is closed in order
    over: delivered`,
  },
)

plays(
  linger("bye", (peer) => peer.terminate()),
  {
    "a peer that is gone is over at once": `
    peer is reset
    over: left
    no deadline is armed`,
  },
)

plays(
  linger("bye", (peer) => peer.finishes()),
  {
    "a peer that had finished is closed by the FIN behind the words": `
    peer < bye
    peer gets FIN
    peer is closed in order
    over: delivered
    no deadline is armed`,
  },
)

plays(linger(""), {
  "no words are a FIN": `
    peer gets FIN
    peer finishes
    peer is closed in order
    over: delivered`,
})

plays(
  linger("bye", (peer) => void (peer.refuses = true)),
  {
    "nor one that refuses all of them": `
    peer resets EPIPE
    over: left`,
  },
)

plays(linger("bye", undefined, false), {
  "nobody need hear of it": `
    peer < bye
    peer gets FIN
    5000 ms pass
    peer is left to the kernel
    no deadline is armed`,
})
