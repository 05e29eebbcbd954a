// Scalar's mock is a library: this is the server of its README, with the document and port of the command line.
import { readFileSync } from "node:fs";
import { serve } from "@hono/node-server";
import { createMockServer } from "@scalar/mock-server";

const [port, document] = process.argv.slice(2);
const app = await createMockServer({ specification: JSON.parse(readFileSync(document, "utf8")) });
serve({ fetch: app.fetch, hostname: "127.0.0.1", port: Number(port) });
