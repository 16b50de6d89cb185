/**
 * Health checks: requests that a platform makes to see whether a workload lives, told by their User-Agent.
 *
 * Only names that nobody else bears stand here: the default name of an HTTP library is no sign of a check.
 */
import { spells } from "./start-lines.ts"

/** What their User-Agent begins with. */
const healthChecks: ReadonlyArray<string> = [
  // Kubernetes: kubelet, and Istio's agent, which passes its name on.
  "kube-probe/",
  // Load balancers of Google Cloud, AWS and Azure.
  "GoogleHC/",
  "ELB-HealthChecker/",
  "Load Balancer Agent",
  "Edge Health Probe",
  // AWS Route 53; Consul; Envoy.
  "Amazon-Route53-Health-Check-Service",
  "Consul Health Check",
  "Envoy/HC",
  // Knative's queue proxy, activator and ingress.
  "Knative-Queue-Proxy-Probe",
  "Knative-Activator-Probe",
  "Knative-Ingress-Probe",
]

/** Whether the User-Agent in `bytes[start, end)` is that of a health check. */
export const isHealthCheck = (bytes: Uint8Array, start: number, end: number): boolean => {
  for (const name of healthChecks) {
    if (end - start >= name.length && spells(bytes, start, start + name.length, name)) return true
  }
  return false
}
