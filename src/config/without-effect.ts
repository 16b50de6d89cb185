/**
 * Without effect: the documented annotations and environment names that this version takes no notice of, each with the
 * reason. Setting one is reported, for a setting that is ignored in silence is believed to hold.
 *
 * Only what asks for something is named: a value that says what holds anyway asks for nothing.
 */
import type { Environment } from "./find.ts"
import { annotationDomain } from "./option.ts"

/** One documented name that has no effect. */
interface WithoutEffect {
  readonly name: string
  readonly reason: string
  /** The values, in lower case, that ask for nothing. */
  readonly harmless: ReadonlyArray<string>
}

const reasons = {
  tls: "TLS is passed on unopened by this version",
  redirected: "for proxy-type transparent, which this version does not have; other types carry what clients send them",
  records: "this version sends no records away: capture keeps them here",
  injector: "for an injector, which this version does not have: write it in the pod's own manifest",
  diagnostics: "this version writes no packet captures and no TLS keys: set log-level to debug, or see pillion tap",
  names: "names are logged as clients give them",
  metrics: "metrics are always served, on health-port",
  capture: "the only capture mode is proxy",
} as const

const off = ["false"]
const any: ReadonlyArray<string> = []

const table = (
  reason: keyof typeof reasons,
  harmless: ReadonlyArray<string>,
  names: ReadonlyArray<string>,
): ReadonlyArray<WithoutEffect> => names.map((name) => ({ name, reason: reasons[reason], harmless }))

/** By the name after `sidecar.speedscale.com/`. */
export const annotationsWithoutEffect: ReadonlyArray<WithoutEffect> = [
  ...table("tls", off, ["tls-out", "tls-java-tool-options", "mount-known-ca", "tls"]),
  ...table("tls", any, ["tls-java-tool-options-value"]),
  ...table("tls", any, ["tls-in-secret", "tls-in-private", "tls-in-public"]),
  ...table("tls", any, ["tls-mutual-secret", "tls-mutual-private", "tls-mutual-public"]),
  ...table("tls", any, ["tlsinsecret", "tlsinprivate", "tlsinpublic"]),
  ...table("redirected", off, ["capture-node-traffic", "track-loopback", "ignore-loopback"]),
  ...table("redirected", any, ["ignore-src-ips", "ignore-src-hosts", "ignore-inbound-ports"]),
  ...table("redirected", any, ["ignore-dst-ips", "ignore-dst-hosts", "ignore-outbound-ports"]),
  ...table("redirected", off, ["istio-cni"]),
  ...table("records", off, ["kube-api-support"]),
  ...table("injector", off, ["insert-init-first", "prometheus-enable-scrape-annotations"]),
  ...table("injector", any, ["extra-container-env-vars", "cpu-request", "cpu-limit", "memory-request", "memory-limit"]),
  ...table("injector", any, ["ephemeral-storage-request", "ephemeral-storage-limit"]),
  ...table("diagnostics", off, ["diagnostics"]),
  ...table("names", ["none"], ["host-resolution"]),
  ...table("capture", ["proxy"], ["capture-mode"]),
]

/** Environment names of the documented sidecar's own container. */
export const environmentWithoutEffect: ReadonlyArray<WithoutEffect> = [
  ...table("tls", off, ["TLS_OUT_UNWRAP", "TLS_IN_UNWRAP", "TLS_AUTODISCOVERY"]),
  ...table("tls", any, ["TLS_IN_PUBLIC_KEY", "TLS_IN_PRIVATE_KEY", "TLS_MUTUAL_PUBLIC_KEY", "TLS_MUTUAL_PRIVATE_KEY"]),
  ...table("tls", any, ["TLS_CERT_DIR"]),
  ...table("redirected", any, ["PROXY_UID"]),
  ...table("records", any, ["FORWARDER_ADDR", "APP_LABEL", "APP_POD_NAME", "APP_POD_NAMESPACE"]),
  ...table("records", any, ["SPEC_NODENAME", "SPEC_SERVICEACCOUNTNAME", "STATUS_HOST_IP", "STATUS_POD_IP"]),
  ...table("metrics", ["true"], ["METRICS_HTTP_ENABLE"]),
  ...table("capture", ["proxy"], ["CAPTURE_MODE"]),
]

/** Annotations that ask for the sidecar itself: once it is there, nothing is left to be done. */
const aboutThePod: ReadonlySet<string> = new Set(["inject", "injected", "status"])

/** Whether `sidecar.speedscale.com/` + name is documented, though no option. */
export const isDocumented = (name: string): boolean =>
  aboutThePod.has(name) || annotationsWithoutEffect.some((each) => each.name === name)

/**
 * One line that names whatever is set without effect, by reason; undefined where nothing is. `annotations` is the file's
 * content by whole keys.
 */
export const withoutEffect = (
  annotations: ReadonlyMap<string, string> | undefined,
  env: Environment,
): string | undefined => {
  const found = [
    ...annotationsWithoutEffect.filter((each) => asks(each, annotations?.get(annotationDomain + each.name))),
    ...environmentWithoutEffect.filter((each) => asks(each, env[each.name])),
  ]
  if (found.length === 0) return undefined
  const groups = Map.groupBy(found, ({ reason }) => reason)
  const listed = [...groups].map(([reason, all]) => `${all.map(({ name }) => name).join(", ")} (${reason})`)
  return `set without effect: ${listed.join("; ")}`
}

const asks = ({ harmless }: WithoutEffect, value: string | undefined): boolean => {
  const text = value?.trim().toLowerCase() ?? ""
  return text !== "" && !harmless.includes(text)
}
