/**
 * Announce: the first lines after start. What runs, where it listens, where its settings came from, and the one next
 * thing to type.
 */
import { plan } from "../config/plan.ts"
import type { Settings } from "../config/settings.ts"
import type { Origin } from "../config/sources.ts"
import type { Log } from "../observe/log.ts"
import { formatTarget } from "../protocol/target.ts"

import type { Ports } from "./ports.ts"
import { version } from "./version.ts"

export const announce = (log: Log, settings: Settings, origins: ReadonlyArray<Origin>, ports: Ports): void => {
  const { proxyType, proxyProtocol, proxyHost, proxyPort } = settings
  log.info(`pillion ${version.version} is ready`, {
    type: proxyType,
    protocol: proxyProtocol,
    inbound: ports.in || undefined,
    outbound: ports.out || undefined,
    workload: ports.in === 0 ? undefined : formatTarget({ host: proxyHost, port: proxyPort }),
    health: ports.health,
    admin: ports.admin,
    config: configOrigins(origins),
  })
  log.info(`next: ${nextStep(settings, ports)}`)
}

/** Which sources had a say, each once; `defaults` where none had. */
const configOrigins = (origins: ReadonlyArray<Origin>): string => {
  const sources = origins
    .filter(({ origin }) => origin !== "default")
    .map(({ option, origin }) =>
      origin.includes(" in ") ? origin.slice(origin.indexOf(" in ") + 4) : `${origin} (${option})`,
    )
  return [...new Set(sources)].join(", ") || "defaults"
}

const nextStep = (settings: Settings, ports: Ports): string => {
  const outbound = plan(settings).some(({ direction }) => direction === "outbound")
  if (!outbound) return `send requests to port ${ports.in}`
  const port = ports.out === 4140 ? "" : ` --proxy-out-port ${ports.out}`
  return `eval "$(pillion env${port})"; or curl -x http://127.0.0.1:${ports.out} http://example.com/`
}
