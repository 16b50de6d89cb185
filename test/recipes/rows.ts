/** Rows: all of them, in the order of the table. */
import { rows as browser } from "./browser/browser.ts"
import { rows as curl } from "./curl/curl.ts"
import { rows as databases } from "./databases/databases.ts"
import { rows as dotnet } from "./dotnet/dotnet.ts"
import { rows as go } from "./go/go.ts"
import { rows as grpc } from "./grpc/grpc.ts"
import { rows as java } from "./java/java.ts"
import { rows as node } from "./node/node.ts"
import { rows as proxychains } from "./proxychains/proxychains.ts"
import { rows as python } from "./python/python.ts"
import type { Row } from "./row.ts"
import { rows as ruby } from "./ruby/ruby.ts"

export const rows: ReadonlyArray<Row> = [
  ...curl,
  ...go,
  ...python,
  ...node,
  ...java,
  ...dotnet,
  ...ruby,
  ...grpc,
  ...databases,
  ...proxychains,
  ...browser,
]
