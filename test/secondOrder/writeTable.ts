/** `npm run docs:operations`: writes docs/second-order-operations.md. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { operationsPage } from "./table.js";

writeFileSync(join(import.meta.dirname, "../../docs/second-order-operations.md"), operationsPage());
