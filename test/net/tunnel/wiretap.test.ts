/** Who listens to a relay hears what passes, in order and once, and can change nothing in it. */
import { holdTime, plays } from "../../support/playbook.ts"
import { relay } from "../../support/worlds.ts"

holdTime()

plays(relay({ wiretap: true }), {
  "it hears each chunk before it goes on, both FINs, and the end": `
    client > hello
    is asked who listens to hello
    wiretap hears client: hello
    target < hello
    target > hi
    wiretap hears target: hi
    client < hi
    client > more
    wiretap hears client: more
    target < more
    client finishes
    wiretap hears that client finished
    target gets FIN
    target finishes
    target is closed in order
    wiretap hears that target finished
    client gets FIN
    client is closed in order
    wiretap hears that it is over
    relayed, ended by client`,

  "it hears a target that speaks first": `
    target > 220 welcome
    is asked who listens to 220 welcome, of the target
    wiretap hears target: 220 welcome
    client < 220 welcome
    client > GET / HTTP/1.1
    wiretap hears client: GET / HTTP/1.1
    target < GET / HTTP/1.1
    client resets
    target is reset
    wiretap hears that it is over
    relayed, ended by client (ECONNRESET)`,

  "another one may take its place, and hears what comes after": `
    client > a
    is asked who listens to a
    wiretap hears client: a
    target < a
    wiretap makes room for another one
    client > b
    wiretap hears client: b
    target < b
    target > c
    the other one hears target: c
    client < c
    client resets
    target is reset
    the other one hears that it is over
    relayed, ended by client (ECONNRESET)`,

  "it hears a chunk once, also when that becomes a tail or goes behind one": `
    target has room for 1
    client > abc
    is asked who listens to abc
    wiretap hears client: abc
    target < a
    client > def
    wiretap hears client: def
    target drains for 1
    target < b
    target drains
    target < cdef
    client is read
    client > g
    wiretap hears client: g
    target < g`,

  "a FIN it hears when it comes, not when the tail before it is gone": `
    target has room for 1
    client > abc
    is asked who listens to abc
    wiretap hears client: abc
    target < a
    client finishes unread
    wiretap hears that client finished
    target drains
    target < bc
    target gets FIN`,

  "what is thrown away it does not hear": `
    target refuses writes
    client > abc
    is asked who listens to abc
    wiretap hears client: abc
    client > thrown away
    target > last words
    wiretap hears target: last words
    client < last words
    target resets EPIPE
    client is reset
    wiretap hears that it is over
    relayed, ended by target (EPIPE)`,

  "a reset is its end": `
    client > abc
    is asked who listens to abc
    wiretap hears client: abc
    target < abc
    target resets
    client is reset
    wiretap hears that it is over
    relayed, ended by target (ECONNRESET)`,

  "given up, it hears so once": `
    client > abc
    is asked who listens to abc
    wiretap hears client: abc
    target < abc
    cancel
    wiretap hears that it is over
    client is reset
    target is reset
    cancel`,

  "half open for too long, it hears of the end": `
    client > abc
    is asked who listens to abc
    wiretap hears client: abc
    target < abc
    client finishes
    wiretap hears that client finished
    target gets FIN
    60000 ms pass
    client is reset
    target is left to the kernel
    wiretap hears that it is over
    relayed, ended by timeout`,

  "who wants no more hears nothing more": `
    wiretap wants no more
    client > abc
    is asked who listens to abc
    wiretap hears client: abc
    target < abc
    client > def
    target < def
    client finishes
    target gets FIN
    cancel
    client is reset
    target is left to the kernel`,

  "who throws is let go, and the bytes go on": `
    client > abc
    is asked who listens to abc
    wiretap hears client: abc
    target < abc
    wiretap throws
    target > xyz
    wiretap hears target: xyz
    wiretap is let go: Error: as the script says
    client < xyz
    client > def
    target < def
    client finishes
    target gets FIN
    target finishes
    target is closed in order
    client gets FIN
    client is closed in order
    relayed, ended by client`,

  "who throws at a FIN is let go, and FIN goes on": `
    client > abc
    is asked who listens to abc
    wiretap hears client: abc
    target < abc
    wiretap throws
    client finishes
    wiretap hears that client finished
    wiretap is let go: Error: as the script says
    target gets FIN`,

  "who throws at the end changes nothing in it": `
    client > abc
    is asked who listens to abc
    wiretap hears client: abc
    target < abc
    wiretap throws
    client resets
    target is reset
    wiretap hears that it is over
    wiretap is let go: Error: as the script says
    relayed, ended by client (ECONNRESET)`,

  "nothing is spliced past it that it has to see": `
    behind it wait 200000 bytes
    client > {70000}
    is asked who listens to {70000}
    wiretap hears client: {70000}
    target < {70000}`,

  "as much is spliced past it as it can miss, and it is told": `
    behind it wait 200000 bytes
    wiretap can miss 150000 of client
    client > {70000}
    is asked who listens to {70000}
    wiretap hears client: {70000}
    target < {70000}
    150000 are spliced
    wiretap misses 150000 of client
    behind it wait 90000 bytes
    wiretap can miss 100000 of target
    target > {65536}
    wiretap hears target: {65536}
    client < {65536}
    90000 are spliced
    wiretap misses 90000 of target`,

  "what was spliced and not taken it has missed, and does not hear afterwards": `
    behind it wait 100000 bytes
    of these are left yz
    wiretap can miss 100000 of client
    client > {70000}
    is asked who listens to {70000}
    wiretap hears client: {70000}
    target < {70000}
    100000 are spliced
    wiretap misses 100000 of client
    target < yz`,

  "each direction has its own limit": `
    behind it wait 100000 bytes
    wiretap can miss 100000 of target
    client > {70000}
    is asked who listens to {70000}
    wiretap hears client: {70000}
    target < {70000}
    target > {70000}
    wiretap hears target: {70000}
    client < {70000}
    100000 are spliced
    wiretap misses 100000 of target`,
})

plays(relay({ wiretap: true, toClient: "HTTP/1.1 200 OK||", toTarget: "first" }), {
  "it hears what the client sent ahead, and not what we answered": `
    is asked who listens to first, held
    wiretap hears client: first
    client < HTTP/1.1 200 OK||
    target < first
    client > second
    wiretap hears client: second
    target < second`,
})

plays(relay({ wiretap: true, toTarget: "first", clientFinished: true }), {
  "a client that finished while its target was dialled is heard to have": `
    is asked who listens to first, held
    wiretap hears client: first
    target < first
    wiretap hears that client finished
    target gets FIN`,
})

plays(relay({ wiretap: true, clientFinished: true }), {
  "of a client that sends nothing it hears what the target answers": `
    target gets FIN
    target > hello
    is asked who listens to hello, of the target
    wiretap hears target: hello
    client < hello`,
})

plays(relay({ wiretap: "already", toClient: "101", toTarget: "ahead" }), {
  "who listens from the beginning hears what the client sent ahead, and nobody is asked": `
    wiretap hears client: ahead
    client < 101
    target < ahead
    target > more
    wiretap hears target: more
    client < more`,
})

plays(relay(), {
  "without anybody who listens all is spliced that there is": `
    behind it wait 100000 bytes
    client > {70000}
    target < {70000}
    100000 are spliced
    client > more
    target < more`,
})
