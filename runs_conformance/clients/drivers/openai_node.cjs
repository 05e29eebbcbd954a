// Driver for openai-node 4 and 7: polled, streamed event by event, and by the stream helper.
"use strict";

const path = require("node:path");
const readline = require("node:readline");

// The program lies in the package, the client in the environment that was made for it.
const home = path.join(process.cwd(), "node_modules");
const { OpenAI } = require(path.join(home, "openai"));
const { version } = require(path.join(home, "openai", "package.json"));

const say = (document) => process.stdout.write(JSON.stringify(document) + "\n");

const settings = (task) => ({
  assistant_id: task.assistant_id,
  ...(task.model ? { model: task.model } : {}),
  ...(task.tools ? { tools: task.tools } : {}),
});

const newReport = () => ({
  status: null, text: "", refusal: "", calls: [], events: 0, last_error: null, incomplete: null,
});

/** Notes a run; gives the ids of the calls that wait for outputs. */
function noteRun(report, run) {
  report.status = run.status ?? report.status;
  report.last_error = run.last_error ?? null;
  report.incomplete = run.incomplete_details?.reason ?? null;
  const calls = run.required_action?.submit_tool_outputs?.tool_calls ?? [];
  for (const each of calls) {
    const { name, arguments: given } = each.function;
    if (!report.calls.some((known) => known.id === each.id)) {
      report.calls.push({ id: each.id, name, arguments: given });
    }
  }
  return calls.map((each) => each.id);
}

const outputs = (ids, task) => ids.map((id) => ({ tool_call_id: id, output: task.output }));

async function begin(task) {
  const client = new OpenAI({ baseURL: task.base_url, apiKey: task.key, timeout: task.timeout * 1000 });
  const messages = [{ role: "user", content: task.text }];
  const thread = (await client.beta.threads.create({ messages })).id;
  return { client, runs: client.beta.threads.runs, thread };
}

const old = Number(version.split(".")[0]) < 5;
/** The newer releases take the thread inside of the parameters. */
function submit(runs, method, thread, run, body, options) {
  return old
    ? runs[method](thread, run, body, options)
    : runs[method](run, { thread_id: thread, ...body }, options);
}

async function poll(task, report) {
  const { client, runs, thread } = await begin(task);
  const options = { pollIntervalMs: 20 };
  let run = await runs.createAndPoll(thread, settings(task), options);
  for (let ids; (ids = noteRun(report, run)).length; ) {
    run = await submit(
      runs, "submitToolOutputsAndPoll", thread, run.id, { tool_outputs: outputs(ids, task) }, options,
    );
  }
  for await (const message of client.beta.threads.messages.list(thread, { order: "asc" })) {
    if (message.role !== "assistant") continue;
    for (const part of message.content) {
      if (part.type === "text") report.text += part.text.value;
      if (part.type === "refusal") report.refusal += part.refusal;
    }
  }
}

function noteDelta(report, delta) {
  for (const part of delta.content ?? []) {
    if (part.type === "text") report.text += part.text?.value ?? "";
    if (part.type === "refusal") report.refusal += part.refusal ?? "";
  }
}

async function stream(task, report) {
  const { runs, thread } = await begin(task);
  let events = await runs.create(thread, { ...settings(task), stream: true });
  for (;;) {
    let run = null;
    let ids = [];
    for await (const { event, data } of events) {
      report.events += 1;
      if (event === "thread.message.delta") noteDelta(report, data.delta);
      else if (event?.startsWith("thread.run.") && !event.includes(".step.")) {
        run = data;
        ids = noteRun(report, run);
      }
    }
    if (!ids.length) return;
    const body = { tool_outputs: outputs(ids, task), stream: true };
    events = await submit(runs, "submitToolOutputs", thread, run.id, body);
  }
}

async function helper(task, report) {
  const { runs, thread } = await begin(task);
  let events = runs.stream(thread, settings(task));
  for (;;) {
    events.on("event", () => (report.events += 1));
    events.on("messageDelta", (delta) => noteDelta(report, delta));
    const run = await events.finalRun();
    const ids = noteRun(report, run);
    if (!ids.length) return;
    const body = { tool_outputs: outputs(ids, task) };
    events = submit(runs, "submitToolOutputsStream", thread, run.id, body);
  }
}

const errorOf = (error) => ({
  class: error?.constructor?.name ?? "Error",
  message: String(error?.message ?? error).slice(0, 2000),
  status: typeof error?.status === "number" ? error.status : null,
  code: error?.code ?? null,
  param: error?.param ?? null,
});

const uses = { poll, stream, helper };

async function answer(line) {
  const task = JSON.parse(line);
  const report = newReport();
  if (!(task.use in uses)) return say({ task: task.task, outcome: "unsupported" });
  try {
    await uses[task.use](task, report);
    return say({ task: task.task, outcome: "ended", ...report });
  } catch (error) {
    return say({ task: task.task, outcome: "error", error: errorOf(error), ...report });
  }
}

async function main() {
  say({ hello: { client: "openai-node", version, uses: Object.keys(uses) } });
  for await (const line of readline.createInterface({ input: process.stdin })) await answer(line);
}

// An error that no promise of ours carries is a report too: the next line still gets its answer.
process.on("unhandledRejection", (error) => process.stderr.write(`unhandled: ${error?.stack ?? error}\n`));
main();
