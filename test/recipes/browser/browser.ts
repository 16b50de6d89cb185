/** A browser: headless Chromium loads a page of three origins with a WebSocket to a fourth, and prints what it became. */
import { type Client, given, type Row, type Way } from "../row.ts"

const chromium: Client = {
  name: "Chromium",
  needs: ["chromium"],
  version: ["chromium", "--version"],
  loopback: "past the proxy",
}

const says =
  /<p id="said">http up\.test \/one HTTP\/1\.1; http other\.test \/two HTTP\/1\.1; https up\.test \/three HTTP\/2\.0; hello back<\/p>/

const command =
  (scheme: "http" | "socks5", url: string): Row["command"] =>
  ({ authority, folder }) => [
    "chromium",
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    `--user-data-dir=${folder}/chromium-${scheme}`,
    `--ignore-certificate-errors-spki-list=${authority.pin}`,
    `--proxy-server=${scheme}://127.0.0.1:4140`,
    "--dump-dom",
    url,
  ]

const loads = (scheme: "http" | "socks5", ways: { http: Way; https: Way }, sees: ReadonlyArray<string>): Row => ({
  client: chromium,
  scheme: `--proxy-server=${scheme}://`,
  told: given({}),
  ways,
  command: command(scheme, `http://up.test/page?${scheme}`),
  says,
  sees,
})

const ownMachine: Row = {
  client: chromium,
  scheme: "loopback, no exceptions",
  told: given({}),
  command: command("http", "http://127.0.0.1/loop"),
  sees: [],
  says: /http 127\.0\.0\.1 \/loop HTTP\/1\.1/,
}

export const rows: ReadonlyArray<Row> = [
  loads("http", { http: "request", https: "CONNECT" }, [
    "GET up.test:80/page 200",
    "GET up.test:80/one 200",
    "GET other.test:80/two 200",
    "POST up.test:80/told 200",
    "GET up.test:80/when-told 200",
    "connect up.test:443",
    "connect up.test:8080",
    "GET up.test:8080/ 101",
  ]),
  loads("socks5", { http: "SOCKS5 name", https: "SOCKS5 name" }, [
    "socks5 up.test:80",
    "socks5 other.test:80",
    "socks5 up.test:443",
    "socks5 up.test:8080",
    "GET up.test/page 200",
    "GET up.test/one 200",
    "GET other.test/two 200",
    "POST up.test/told 200",
    "GET up.test/when-told 200",
    "GET up.test:8080/ 101",
  ]),
  ownMachine,
]
