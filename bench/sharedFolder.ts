import { join } from "node:path";

/** Folder with the PyTorch peer and task data, which is not part of the repository. */
export const sharedFolder =
  process.env.METALEARN_SHARED ?? join(import.meta.dirname, "../../shared");
