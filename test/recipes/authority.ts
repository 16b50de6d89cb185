/**
 * Authority: a throw-away CA, and one certificate by it for every name that the recipes ask for. Made by openssl for
 * each run; valid for a day; never in anybody's trust store.
 */
import { createHash, X509Certificate } from "node:crypto"
import { join } from "node:path"
import { runCommand } from "../support/process.ts"

/** Files, but for the last. */
export interface Authority {
  /** What clients are told to trust, as PEM, and as the trust store of a JVM with the password "changeit". */
  readonly ca: string
  readonly trustStore: string
  readonly certificate: string
  readonly key: string
  /** Base64 of the SHA-256 of the server's public key, as Chromium wants it. */
  readonly pin: string
}

/** Every name that a TLS origin answers to. */
const names = ["up.test", "other.test", "local.test", "prices.azure.com"]

/** Makes both in `folder`. The trust store is left out where there is no keytool. */
export const makeAuthority = async (folder: string): Promise<Authority> => {
  const file = (name: string): string => join(folder, name)
  await Bun.write(file("names"), `subjectAltName=${names.map((name) => `DNS:${name}`).join(",")}\n`)
  const key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
  await openssl(folder, `req -x509 ${key} -keyout ca.key -out ca.pem -days 1 -subj /CN=recipes`)
  await openssl(folder, `req ${key} -keyout server.key -out server.csr -subj /CN=up.test`)
  await openssl(
    folder,
    "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 1 -extfile names -out server.pem",
  )
  if (Bun.which("keytool") !== null) {
    await run(folder, "keytool -importcert -noprompt -file ca.pem -keystore trust.p12 -storepass changeit")
  }
  const certificate = new X509Certificate(await Bun.file(file("server.pem")).text())
  const publicKey = certificate.publicKey.export({ type: "spki", format: "der" })
  return {
    ca: file("ca.pem"),
    trustStore: file("trust.p12"),
    certificate: file("server.pem"),
    key: file("server.key"),
    pin: createHash("sha256").update(publicKey).digest("base64"),
  }
}

const openssl = (folder: string, command: string): Promise<void> => run(folder, `openssl ${command}`)

const run = async (cwd: string, command: string): Promise<void> => {
  const { code, stderr } = await runCommand(command.split(" "), { cwd, milliseconds: 60_000 })
  if (code !== 0) throw new Error(`${command} failed:\n${stderr}`)
}
