/** Delivery, line by line: when a peer has what was written to it. */
import { holdTime, plays } from "../../support/playbook.ts"
import { delivery } from "../../support/worlds.ts"

holdTime()

plays(delivery(100), {
  "what is acknowledged is found out at the first look": `
    peer < {100}
    peer acknowledges 100
    9 ms pass
    1 ms pass
    delivered
    no deadline is armed`,

  "looks become seldom": `
    peer < {100}
    70 ms pass
    peer acknowledges all
    79 ms pass
    1 ms pass
    delivered`,

  "a peer that takes nothing stalls": `
    peer < {100}
    is it whole?
    not whole
    59999 ms pass
    1000 ms pass
    stalled
    no deadline is armed`,

  "a trickle is no progress": `
    peer < {100}
    50000 ms pass
    peer acknowledges 50
    10000 ms pass
    1000 ms pass
    stalled`,

  "a peer that is reset is the owner's to hear of": `
    peer < {100}
    peer resets
    its time is up`,

  "given up, it asks no more": `
    peer < {100}
    cancel
    no deadline is armed`,

  "it may be asked in between": `
    peer < {100}
    peer acknowledges all
    is it whole?
    whole`,

  "what is written behind it does not count": `
    peer < {100}
    write more {50}
    peer < {50}
    peer acknowledges 100
    its time is up
    delivered`,
})

plays(delivery(200_000), {
  "progress gives the time again": `
    peer < {200000}
    59000 ms pass
    peer acknowledges 2000
    59000 ms pass
    peer acknowledges 2000
    59000 ms pass
    peer acknowledges all
    1000 ms pass
    delivered`,
})

plays(delivery(100, 150), {
  "what is still to be written is waited for": `
    peer < {100}
    peer acknowledges all
    its time is up
    write more {50}
    peer < {50}
    its time is up
    peer acknowledges all
    its time is up
    delivered`,
})
