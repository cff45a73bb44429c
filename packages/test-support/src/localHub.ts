import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** The only commit of a local hub. */
export const commit = "0123456789abcdef0123456789abcdef01234567";

/** Local hub with one repository, `you/tiny`, and the part of the hub's API that downloads use. */
export class LocalHub {
  readonly files: Record<string, Buffer> = {};
  /** Requests for file contents: path and range. */
  readonly requests: string[] = [];
  /** Number of bytes after which each response is cut off. */
  breakAfter = Number.POSITIVE_INFINITY;
  /** Token without which contents of files (`gated`) or all requests (`private`) are refused. */
  access: { readonly kind: "gated" | "private"; readonly token: string } | undefined;
  /** Commit that it tells for every revision. */
  sha = commit;
  /** True to serve other bytes than the announced hash says. */
  corrupt = false;
  readonly #kind: "models" | "datasets";
  #server: Server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "", "http://hub").pathname);
    const isApi = path.startsWith("/api/");
    const isOpen = !this.access || (this.access.kind === "gated" && isApi);
    const { authorization } = request.headers;
    if (!isOpen && authorization !== `Bearer ${this.access?.token}`) {
      response.writeHead(authorization ? 403 : 401, { "x-error-code": "GatedRepo" }).end();
      return;
    }
    if (path.startsWith(`/api/${this.#kind}/you/tiny/revision/`)) {
      const siblings = Object.keys(this.files).map((rfilename) => ({ rfilename }));
      const info = { _id: "1", id: "you/tiny", sha: this.sha, siblings, lastModified: 0 };
      response.setHeader("content-type", "application/json").end(JSON.stringify(info));
      return;
    }
    if (path.startsWith(`/api/${this.#kind}/you/tiny/tree/${commit}`)) {
      const tree = Object.entries(this.files).map(([path, { length: size }]) => ({
        ...{ type: "file", path, size },
        oid: "0",
      }));
      response.setHeader("content-type", "application/json").end(JSON.stringify(tree));
      return;
    }
    const folder = this.#kind === "models" ? "" : "/datasets";
    const file = this.files[path.replace(`${folder}/you/tiny/resolve/${commit}/`, "")];
    if (!file) {
      response.writeHead(404, { "x-error-code": "RepoNotFound" }).end();
      return;
    }
    const range = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? "");
    const from = Number(range?.[1] ?? 0);
    const to = Math.min(Number(range?.[2] || file.length - 1), file.length - 1);
    if (from !== 0 || to !== 0) this.requests.push(`${path.split("/").at(-1)} ${from}-${to}`);
    response.writeHead(range ? 206 : 200, {
      etag: `"${createHash("sha256").update(file).digest("hex")}"`,
      "content-length": to - from + 1,
      ...(range && { "content-range": `bytes ${from}-${to}/${file.length}` }),
    });
    const body = Buffer.from(file.subarray(from, to + 1));
    if (this.corrupt) body[0] = (body[0] ?? 0) ^ 1;
    if (body.length <= this.breakAfter) {
      response.end(body);
    } else {
      response.write(body.subarray(0, this.breakAfter), () => response.destroy());
    }
  });

  constructor(kind: "models" | "datasets") {
    this.#kind = kind;
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
