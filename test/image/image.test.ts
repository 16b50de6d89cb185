/** The image: what is in it, what it says of itself, and that it runs as the strictest cluster would run it. */
import { afterAll, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import manifest from "../../package.json" with { type: "json" }
import { offline } from "../../scripts/image.ts"
import { targetNamed } from "../../scripts/targets.ts"
import { curl, runCommand } from "../support/process.ts"
import { type Container, type Image, unpackImage } from "../support/image.ts"
import { needs } from "../support/needs.ts"
import { httpOrigin } from "../support/origins.ts"
import { annotationsText } from "../support/pillion.ts"

const image = needs("root", "apt-get", "dpkg-deb", "buildah", "umoci", "bwrap", "curl")

let unpacked: Promise<Image> | undefined
const theImage = (): Promise<Image> => (unpacked ??= unpackImage())
afterAll(async () => {
  await (await unpacked)?.[Symbol.asyncDispose]()
})

/** Paths of the image that find(1) finds by these tests, sorted. */
const find = async (...tests: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
  const { rootfs } = await theImage()
  const found = await runCommand(["find", rootfs, "-mindepth", "1", ...tests, "-printf", "/%P\\n"])
  return found.stdout.split("\n").slice(0, -1).toSorted()
}

const statusOf = ({ pid }: Container): Record<string, string> =>
  Object.fromEntries(
    readFileSync(`/proc/${pid}/status`, "latin1")
      .split("\n")
      .map((line) => line.split(":").map((word) => word.trim().replaceAll("\t", " ")) as [string, string]),
  )

image(
  "it says who it runs as, what it runs, where it listens, and what it is",
  async () => {
    const { config, created } = (await theImage()).config
    expect(config).toMatchObject({
      User: "65532:65532",
      Entrypoint: ["/pillion"],
      Cmd: ["run"],
      ExposedPorts: { "4143/tcp": {}, "4140/tcp": {}, "4145/tcp": {} },
      StopSignal: "SIGTERM",
      Labels: {
        "org.opencontainers.image.title": manifest.name,
        "org.opencontainers.image.version": manifest.version,
        "org.opencontainers.image.licenses": manifest.license,
      },
    })
    const { revision } = JSON.parse((await (await theImage()).run(["version", "--json"])).stdout)
    expect(config.Labels["org.opencontainers.image.revision"]).toBe(revision ?? "")
    expect(Date.parse(config.Labels["org.opencontainers.image.created"] ?? "")).toBe(Date.parse(created))
  },
  60_000,
)

image("it is smaller than 130 MB", async () => {
  const { rootfs } = await theImage()
  const { stdout } = await runCommand(["du", "--summarize", "--apparent-size", "--block-size=1", rootfs])
  expect(Number.parseInt(stdout, 10)).toBeLessThan(130e6)
})

image(
  "nothing in it can be executed but the proxy and what loads its libraries: no shell, no package manager",
  async () => {
    expect(await find("-type", "f", "-perm", "/111", "-not", "-name", "*.so*")).toEqual(["/pillion"])
    expect((await find("-name", "ld-linux*")).length).toBeGreaterThan(0)
    expect(await find("-name", "sh", "-o", "-name", "*bash", "-o", "-name", "busybox", "-o", "-name", "apt*")).toEqual(
      [],
    )
  },
)

image("nothing in it is setuid, a device, or writable for others, but the folders for temporary files", async () => {
  expect(await find("-type", "f", "-perm", "/7022")).toEqual([])
  expect(await find("-type", "b", "-o", "-type", "c", "-o", "-type", "p", "-o", "-type", "s")).toEqual([])
  expect(await find("-type", "d", "-perm", "/002", "-not", "-perm", "-1000")).toEqual([])
})

image("it has what a resolver and TLS clients look for", async () => {
  const { rootfs } = await theImage()
  const certificates = await Bun.file(join(rootfs, "etc/ssl/certs/ca-certificates.crt")).text()
  expect(certificates.match(/^-----BEGIN CERTIFICATE-----$/gm)?.length).toBeGreaterThan(100)
  const files = ["etc/passwd", "etc/group", "etc/nsswitch.conf", "etc/services", "usr/share/zoneinfo/Etc/UTC"]
  for (const file of files) expect(await Bun.file(join(rootfs, file)).exists()).toBe(true)
})

for (const [who, ids] of [
  ["the user that it names", { uid: 65_532, gid: 65_532 }],
  ["a user that nobody knows, in group 0, as OpenShift has it", { uid: 1_000_690_000, gid: 0 }],
] as const) {
  image(`it serves as ${who}, as PID 1, on a read-only root, without capabilities, with /proc only`, async () => {
    using origin = await httpOrigin()
    await using container = await (await theImage()).start({ ids })
    const [all, group] = [ids.uid, ids.gid].map((id) => `${id} ${id} ${id} ${id}`)
    const none = "0000000000000000"
    expect(statusOf(container)).toMatchObject({
      Uid: all,
      Gid: group,
      Groups: "",
      NSpid: `${container.pid} 1`,
      NoNewPrivs: "1",
      CapInh: none,
      CapPrm: none,
      CapEff: none,
      CapBnd: none,
      CapAmb: none,
    })
    const mounts = readFileSync(`/proc/${container.pid}/mountinfo`, "latin1").trimEnd().split("\n")
    const mounted = mounts.map((line) => line.split(" ")).map(([, , , , at, flags]) => [at, flags?.split(",")[0]])
    expect(mounted).toEqual([
      ["/", "ro"],
      ["/proc", "rw"],
    ])

    const { outbound = 0, health } = container.ready
    expect((await curl("--proxy", `http://127.0.0.1:${outbound}`, `http://${origin.authority}/`)).stdout).toBe("hello")
    expect((await (await theImage()).run(["healthcheck", `--health-port=${health}`], { ids })).code).toBe(0)
    expect(await container.stop()).toBe(0)
    expect((await (await theImage()).run(["healthcheck", `--health-port=${health}`], { ids })).code).toBe(1)
  })
}

image("it reads the annotations that are mounted at /etc/podinfo", async () => {
  const podinfo = await mkdtemp(join(tmpdir(), "pillion-podinfo-"))
  try {
    await Bun.write(join(podinfo, "annotations"), annotationsText({ "proxy-type": "reverse" }))
    await runCommand(["chmod", "-R", "a+rX", podinfo])
    await using container = await (await theImage()).start({ podinfo })
    expect(container.ready).toMatchObject({ type: "reverse" })
    expect(container.ready.outbound).toBeUndefined()
    expect(await container.stop()).toBe(0)
  } finally {
    await rm(podinfo, { recursive: true, force: true })
  }
})

test("what is built here and what `docker build` builds end in the same runtime stage", async () => {
  const text = await Bun.file(join(import.meta.dir, "../../Containerfile")).text()
  const runtime = text.slice(text.indexOf("FROM ${BASE} AS runtime"))
  expect(runtime).toContain("ENTRYPOINT")
  expect(offline(text)).toEndWith(runtime)
  expect(offline(text)).not.toContain("RUN ")
  expect(() => offline(runtime)).toThrow("no build stage")
  // The build stage runs where it is built, and asks for the platform of the image by the name that it has there.
  expect(text).toContain("FROM --platform=${BUILDPLATFORM} ${BUN_IMAGE} AS build\n")
  expect(text).toContain("bun run build linux-${TARGETARCH} ")
  expect(["amd64", "arm64"].map((each) => targetNamed(`linux-${each}`).cpu)).toEqual(["x64", "arm64"])
})
