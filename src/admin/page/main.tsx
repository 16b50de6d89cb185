/**
 * Main: puts the status page into its document.
 */
import { render } from "preact"

import { App } from "./app.tsx"
import { takeTokenFromAddress } from "./use-place.ts"

takeTokenFromAddress()
render(<App />, document.body)
