/** Own and shared origins, line by line: connections at rest, and who may have them next. */
import { holdTime, plays } from "../../support/playbook.ts"
import { origins } from "../../support/http-worlds.ts"

holdTime()

plays(origins, {
  "the one that answered last is taken again": `
    one rests for a:80
    take a:80
    took origin`,

  "only for its own key": `
    one rests for a:80
    take b:80
    took none
    take a:80
    took origin`,

  "without an origin there is none": `
    take a:80
    took none`,

  "one at rest ends with the client's other requests after keep-alive-timeout": `
    one rests for a:80
    take b:80
    took none
    60000 ms pass
    origin gets FIN
    take a:80
    took none`,

  "the one that answered last has no deadline of its own": `
    one rests for a:80
    no deadline is armed`,

  "the ninth sends the oldest away": `
    one rests for h1:80
    take none:80
    took none
    one rests for h2:80
    take none:80
    took none
    one rests for h3:80
    take none:80
    took none
    one rests for h4:80
    take none:80
    took none
    one rests for h5:80
    take none:80
    took none
    one rests for h6:80
    take none:80
    took none
    one rests for h7:80
    take none:80
    took none
    one rests for h8:80
    take none:80
    took none
    one rests for h9:80
    take none:80
    origin gets FIN
    took none
    one rests for h10:80
    take none:80
    origin2 gets FIN
    took none
    take h1:80
    took none
    take h2:80
    took none`,

  "after a reload the one that answered last is not used again": `
    one rests for a:80
    the settings change
    take a:80
    origin gets FIN
    took none`,

  "nor one that waits": `
    one rests for a:80
    take b:80
    took none
    the settings change
    take a:80
    origin gets FIN
    took none`,

  "the oldest gives way when a descriptor is needed": `
    one rests for a:80
    take x:80
    took none
    one rests for b:80
    take x:80
    took none
    a descriptor is needed
    origin gets FIN
    take a:80
    took none
    take b:80
    took origin2`,

  "one that its origin ends while it waits is forgotten": `
    one rests for a:80
    take b:80
    took none
    origin finishes
    origin has ended
    origin gets FIN
    origin is closed in order
    take a:80
    took none`,

  "so is one that is reset": `
    one rests for a:80
    origin resets
    origin has ended
    take a:80
    took none`,

  "one that speaks unasked is its owner's to judge": `
    one rests for a:80
    origin > hello
    origin answers`,

  "the client goes: the next one takes them": `
    one rests for a:80
    take x:80
    took none
    one rests for b:80
    the client goes
    take a shared one a:80
    took origin
    take a shared one b:80
    took origin2
    take a shared one a:80
    took none`,

  "the one that was given last is taken first": `
    one rests for a:80
    the client goes
    one rests for a:80
    the client goes
    take a shared one a:80
    took origin2
    take a shared one a:80
    took origin`,

  "an exclusive one goes with its client": `
    an exclusive one rests for a:80
    the client goes
    origin gets FIN
    take a shared one a:80
    took none`,

  "within origin-reuse the next client may have it": `
    one rests for a:80
    the client goes
    9999 ms pass
    take a shared one a:80
    took origin`,

  "and not after it": `
    one rests for a:80
    the client goes
    11000 ms pass
    origin gets FIN
    take a shared one a:80
    took none`,

  "nor after a reload": `
    one rests for a:80
    the client goes
    the settings change
    take a shared one a:80
    origin gets FIN
    took none`,

  "a shared one that its origin ends is closed in order": `
    one rests for a:80
    the client goes
    origin finishes
    origin gets FIN
    origin is closed in order
    take a shared one a:80
    took none`,

  "one that speaks unasked is reset": `
    one rests for a:80
    the client goes
    origin > hello
    origin is reset
    take a shared one a:80
    took none`,

  "one that is reset is forgotten": `
    one rests for a:80
    the client goes
    origin resets
    take a shared one a:80
    took none`,

  "shared ones give way when a descriptor is needed": `
    one rests for a:80
    the client goes
    a descriptor is needed
    origin gets FIN
    take a shared one a:80
    took none`,

  "a drain ends those that wait, and takes no more": `
    one rests for a:80
    the client goes
    one rests for b:80
    the drain begins
    origin gets FIN
    the client goes
    origin2 gets FIN
    take a shared one a:80
    took none`,
})
