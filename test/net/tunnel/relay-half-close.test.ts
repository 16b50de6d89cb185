/** Relay, line by line: what one side is still owed when the other has finished, or was reset behind its FIN. */
import { holdTime, plays } from "../../support/playbook.ts"
import { relay } from "../../support/worlds.ts"

holdTime()

plays(relay(), {
  "what a side had sent and finished is delivered when it is reset afterwards": `
    target has room for 1
    client > abc
    target < a
    client finishes unread
    client resets
    target > nobody wants it
    target drains
    target < bc
    target gets FIN
    its time is up
    target is reset
    relayed, ended by client
    no deadline is armed`,

  "who is reset after it had finished is waited for until the other one has acknowledged everything": `
    target reads slowly
    client > abc
    target < abc
    client finishes unread
    target gets FIN
    client resets
    its time is up
    its time is up
    target acknowledges all
    its time is up
    target is reset
    relayed, ended by client`,

  "a reader that acknowledges nothing of it is left to the kernel when its time is up": `
    target reads slowly
    client > abc
    target < abc
    client finishes unread
    target gets FIN
    client resets
    70000 ms pass
    target is left to the kernel
    relayed, ended by timeout`,

  "a reader that takes nothing of it is reset when its time is up": `
    target has room for 1
    client > abc
    target < a
    client finishes unread
    client resets
    70000 ms pass
    target is reset
    relayed, ended by timeout`,

  "the reader may be reset while it gets the rest": `
    target has room for 1
    client > abc
    target < a
    client finishes unread
    client resets
    target resets
    relayed, ended by client`,

  "the reader may finish while it gets the rest": `
    target has room for 1
    client > abc
    target < a
    client finishes unread
    client resets
    target finishes
    target drains
    target < bc
    target gets FIN
    target is closed in order
    relayed, ended by client
    its time is up`,

  "a delivery can be given up": `
    target has room for 1
    client > abc
    target < a
    client finishes unread
    client resets
    cancel
    target is reset`,

  "a half-closed connection without progress ends after half-close-timeout": `
    client finishes
    target gets FIN
    59999 ms pass
    1 ms pass
    client is reset
    target is left to the kernel
    relayed, ended by timeout
    no deadline is armed`,

  "a half-closed connection goes on while there is progress": `
    client finishes
    target gets FIN
    59000 ms pass
    target > {65000}
    client < {65000}
    1000 ms pass
    60000 ms pass
    client is reset
    target is left to the kernel
    relayed, ended by timeout`,

  "a trickle is no progress": `
    client finishes
    target gets FIN
    59000 ms pass
    target > drip
    client < drip
    1000 ms pass
    client is reset
    target is left to the kernel
    relayed, ended by timeout`,

  "two FINs close both ends whatever was little and is not acknowledged": `
    client reads slowly
    target finishes
    client gets FIN
    client finishes
    client is closed in order
    target gets FIN
    target is closed in order
    relayed, ended by target`,

  "what the kernel holds is no progress where the peer takes nothing of it": `
    client reads slowly
    target > {70000}
    client < {70000}
    target finishes
    client gets FIN
    60000 ms pass
    client is left to the kernel
    target is reset
    relayed, ended by timeout`,

  "a slow reader that acknowledges enough is given its time again": `
    client reads slowly
    target > {140000}
    client < {140000}
    target finishes
    client gets FIN
    59000 ms pass
    client acknowledges 65000
    1000 ms pass
    59000 ms pass
    client acknowledges 65000
    1000 ms pass
    client acknowledges all
    client finishes
    client is closed in order
    target gets FIN
    target is closed in order
    relayed, ended by target`,

  "an end that is done both ways is waited for until its peer has everything": `
    client reads slowly
    target > {70000}
    client < {70000}
    target finishes
    client gets FIN
    client finishes
    target gets FIN
    target is closed in order
    client is open
    client acknowledges all
    client is closed in order
    relayed, ended by target`,

  "an end that is done both ways may be reset before its peer has everything": `
    client reads slowly
    target > {70000}
    client < {70000}
    target finishes
    client gets FIN
    client finishes
    target gets FIN
    target is closed in order
    client resets
    relayed, ended by target`,
})
