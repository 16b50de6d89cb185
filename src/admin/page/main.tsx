/**
 * Main: puts the status page into its document.
 */
import { render } from "preact"

import { App } from "./app.tsx"

render(<App />, document.body)
