// @ts-check
// Bringing a list in, in three steps on one page: the file, what its columns are, what would change;
// then the job. Below it what was imported before, with a way back.

import { html, useEffect, useRef, useState } from "../dom.js";
import { Problem, request } from "../api.js";
import { Icon } from "../parts/icons.js";
import { loadDefinitions } from "../state/definitions.js";
import { running, watch } from "../state/jobs.js";
import { goPage, place } from "../state/url.js";
import { me } from "../state/me.js";
import { plural } from "../text/words.js";
import { saidOf } from "../state/items.js";
import { createImport, previewImport } from "./api.js";
import { Diff } from "./diff.js";
import { History, Result } from "./history.js";
import { columnKey, Mapping, Options, Templates } from "./mapping.js";
import { Questions } from "./questions.js";
import { say, t } from "../text/say.js";

/** @typedef {import("./api.js").Source} Source @typedef {import("./api.js").Preview} Preview */

/** What is refused because of its size, and what to do about it. @param {Problem} problem */
const isTooLarge = (problem) => problem.status === 413 || problem.errors.some((one) => one.code === "too_many_rows");

/** A problem with every place that it has. @param {Problem} problem */
const wholeText = (problem) => (problem.errors.length ? problem.errors.map((one) => `${(one.pointer ?? "").replace(/^\/(options\/)?/, "").replaceAll("/", " ") || t("The list")}: ${one.detail ?? one.code}`).join(". ") : saidOf(problem));

const STEPS = [t("The list"), t("Its columns"), t("What changes")];

/** @param {{onSource: (source: Source, name: string) => void}} props */
function Drop({ onSource }) {
  const [over, setOver] = useState(false);
  const [text, setText] = useState("");
  const [address, setAddress] = useState("");
  const input = useRef(/** @type {HTMLInputElement|null} */ (null));
  const take = (/** @type {FileList|null|undefined} */ files) => files?.[0] && onSource({ file: files[0] }, files[0].name);
  return html`<div class="part"><div class=${over ? "drop over" : "drop"} onDragOver=${(/** @type {Event} */ event) => { event.preventDefault(); setOver(true); }} onDragLeave=${() => setOver(false)}
      onDrop=${(/** @type {DragEvent} */ event) => { event.preventDefault(); setOver(false); take(event.dataTransfer?.files); }}>
      <${Icon} name="import" /><p>${t("Drop a file here: CSV, Excel, JSON Lines or vCard")}</p>
      <input type="file" class="vh" id="import-file" tabindex="-1" aria-label=${t("The file")} ref=${input} onChange=${(/** @type {any} */ event) => take(event.target.files)} data-test="import-file" />
      <button type="button" class="button main" onClick=${() => input.current?.click()}>${t("Choose a file")}</button></div>
    <details><summary>${t("Or paste rows")}</summary><textarea class="editor" rows="6" aria-label=${t("Rows, the first with the names of the columns")} placeholder=${"Name,Phone\nJane Roe,+1 202 555 0100"} value=${text} onInput=${(/** @type {any} */ event) => setText(event.target.value)} data-test="import-text"></textarea>
      <p><button type="button" class="button" disabled=${!text.trim()} onClick=${() => onSource({ csv: text }, t("pasted rows"))} data-test="import-pasted">${t("Take these rows")}</button></p></details>
    <details><summary>${t("Or a Google Sheet")}</summary><span class="bulk-line"><input class="editor" type="url" aria-label=${t("Address of the sheet")} placeholder="https://docs.google.com/spreadsheets/…" value=${address} onInput=${(/** @type {any} */ event) => setAddress(event.target.value)} />
      <button type="button" class="button" disabled=${!address.trim()} onClick=${() => onSource({ sheet_url: address.trim() }, t("a sheet"))}>${t("Fetch it")}</button></span></details></div>`;
}

/** An import has a page of its own where rows of it are asked about. */
export const Import = () => (place.value.rest ? html`<${Questions} key=${place.value.rest} id=${place.value.rest} />` : html`<${Wizard} />`);

/** @param {{problem: Problem}} props */
function Trouble({ problem }) {
  const text = wholeText(problem);
  return html`<div class="trouble" role="alert" data-test="import-trouble">${text}${/[.!?]$/.test(text) ? "" : "."}
    ${isTooLarge(problem) && me.value?.permissions.manage_settings ? html` <button type="button" class="link" onClick=${() => goPage("settings", { rest: "imports" })} data-test="to-limits">${t("Change the limits")}</button>` : null}</div>`;
}

function Wizard() {
  const [step, setStep] = useState(0);
  const [source, setSource] = useState(/** @type {Source|null} */ (null));
  const [name, setName] = useState("");
  const [options, setOptions] = useState(/** @type {Record<string, any>} */ ({}));
  const [preview, setPreview] = useState(/** @type {Preview|null} */ (null));
  const [problem, setProblem] = useState(/** @type {Problem|null} */ (null));
  const [template, setTemplate] = useState("");
  const [keepAs, setKeepAs] = useState("");
  const [busy, setBusy] = useState(false);
  const [job, setJob] = useState(/** @type {any} */ (null));
  const key = useRef("");
  useEffect(() => {
    document.title = `${t("Import")} · Ringdex`;
    return () => {
      document.title = "Ringdex";
    };
  }, []);
  /** Asks what would become of the list. @param {Source} from @param {Record<string, any>} how */
  const look = async (from, how) => {
    setBusy(true);
    setProblem(null);
    try {
      const found = await previewImport(from, how);
      setPreview(found);
      // The list is there now; it is not sent again.
      setSource({ upload_id: found.upload_id });
      setBusy(false);
      return true;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setProblem(error);
      setBusy(false);
      return false;
    }
  };
  const begin = async (/** @type {Source} */ from, /** @type {string} */ called) => {
    setName(called);
    setJob(null);
    setOptions({});
    setTemplate("");
    setKeepAs("");
    key.current = crypto.randomUUID?.() ?? String(Math.random());
    if (await look(from, {})) setStep(1);
  };
  const change = (/** @type {Record<string, any>} */ part) => {
    const next = Object.fromEntries(Object.entries({ ...options, ...part }).filter(([, value]) => value !== "" && value !== null && value !== undefined));
    setOptions(next);
    if (source) void look(source, next);
  };
  /** Reads the list as a template has it; the form shows what that is. @param {string} id */
  const choose = async (id) => {
    setTemplate(id);
    setProblem(null);
    try {
      const next = id ? ((await request("GET", `/api/v1/import-templates/${encodeURIComponent(id)}`)).body.options ?? {}) : {};
      setOptions(next);
      if (source) void look(source, next);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setProblem(error);
    }
  };
  const start = async () => {
    if (!source) return;
    setBusy(true);
    setProblem(null);
    try {
      const { id } = await createImport(source, keepAs.trim() ? { ...options, save_template: keepAs.trim() } : options, key.current);
      setStep(3);
      setJob({ id, state: "running" });
      const done = await watch(id, t("Import of {0}", name), "/api/v1/imports");
      setJob(done);
      void loadDefinitions({ again: true });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setProblem(error);
      key.current = `${key.current}+`;
    }
    setBusy(false);
  };
  const anew = () => {
    setStep(0);
    setPreview(null);
    setSource(null);
    setJob(null);
    setProblem(null);
  };
  const undecided = (preview?.columns ?? []).filter((one) => one.not_imported && options.mapping?.[`#${one.index + 1}`] === undefined && options.mapping?.[columnKey(one, preview?.columns ?? [])] === undefined);
  const now = job ? running.value[job.id] : null;
  return html`<main class="page" data-test="import" data-busy=${busy ? "" : undefined}><section class="page-main" aria-label=${t("Import")}><div class="page-head"><h1>${t("Import")}</h1>
      <ol class="steps" aria-label=${t("Steps")}>${STEPS.map((text, index) => html`<li key=${text} aria-current=${index === step ? "step" : undefined}>${index + 1}. ${text}</li>`)}</ol>
      ${step ? html`<span class="push"><button type="button" class="button" onClick=${anew}>${t("Another list")}</button></span>` : null}</div>
    <div class="scroll">
      ${problem ? html`<${Trouble} problem=${problem} />` : null}
      ${step === 0 ? html`<${Drop} onSource=${begin} /><${History} />` : null}
      ${step > 0 && step < 3 && preview ? html`<p class="quiet-text" role="status">${name}: ${preview.file.rows ? plural(preview.file.rows, "row") : t("no column is known yet")}${preview.file.encoding ? `, ${preview.file.encoding}` : ""}${preview.file.delimiter ? `, ${preview.file.delimiter}` : ""}${preview.file.layout && preview.file.layout !== "plain" ? t(", as {0} writes it", preview.file.layout) : ""}${busy ? " · …" : ""}</p>` : null}
      ${step === 1 && preview ? html`<${Templates} templates=${preview.templates ?? []} chosen=${template} onChoose=${choose} /><${Options} options=${options} onChange=${change} isTable=${preview.file.format === "table"} />
        <${Mapping} columns=${preview.columns} options=${options} problems=${preview.problems} onChange=${change} />
        <p class="bulk-line after"><button type="button" class="button main" disabled=${busy || !preview.file.rows} onClick=${() => setStep(2)} data-test="to-diff">${t("Look at what changes")}</button>${undecided.length ? html`<span class="quiet-text">${say("{0} not imported.", plural(undecided.length, "column is", "columns are"))}</span>` : null}</p>` : null}
      ${step === 2 && preview ? html`<${Diff} preview=${preview} />
        <div class="form-row"><label for="import-keep">${t("Keep as a template")}</label><div class="inputs"><input id="import-keep" class="editor" maxlength="200" placeholder=${t("a name for it")} value=${keepAs} onInput=${(/** @type {any} */ event) => setKeepAs(event.target.value)} data-test="import-keep" /></div></div>
        <p class="bulk-line"><button type="button" class="button" onClick=${() => setStep(1)}><${Icon} name="back" />${t("Back to the columns")}</button>
          <button type="button" class="button main" disabled=${busy || preview.counts.new + preview.counts.updated + (preview.counts.conflicts ?? 0) === 0} onClick=${start} data-test="import-now">${preview.counts.new + preview.counts.updated ? t("Import {0}", plural(preview.counts.new + preview.counts.updated, "contact")) : t("Ask about {0}", plural(preview.counts.conflicts, "row"))}</button></p>` : null}
      ${step === 3 && job ? html`<${Result} job=${job} now=${now} name=${name} />` : null}
    </div></section></main>`;
}
