/**
 * Tls: what is known of the TLS around a record, and why it was not opened where it was not.
 */
import type { CaptureRecord } from "../../../capture/record.ts"

import { type Fact, Facts } from "./fields.tsx"

export const Tls = ({ record }: { readonly record: CaptureRecord }) => {
  const { tls, sni } = record
  const tunnel: ReadonlyArray<Fact> =
    record.kind === "tunnel"
      ? [
          ["not opened", record.unopened],
          ["versions offered", record.versions?.join(", ")],
          ["ALPN offered", record.offered?.join(", ")],
          ["names of the certificate", record.names?.join(", ")],
        ]
      : []
  return (
    <Facts
      facts={[
        ["version", tls?.version],
        ["cipher", tls?.cipher],
        ["ALPN", tls?.alpn],
        ["server name", tls?.sni ?? sni],
        ["opened", tls === undefined ? undefined : tls.opened ? "yes" : "no"],
        ["subject", tls?.peer?.subject],
        ["issuer", tls?.peer?.issuer],
        ["valid until", tls?.peer?.notAfter],
        ...tunnel,
      ]}
    />
  )
}
