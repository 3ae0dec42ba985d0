// @ts-check
// A form for a record, made of the kinds of its fields. What the server complains about stands at
// its field; what has no field stands on top.

import { html, useEffect, useRef, useState } from "../dom.js";
import { Problem } from "../api.js";
import { chosen, Editor } from "../parts/editor.js";
import { Icon } from "../parts/icons.js";
import { people } from "../state/people.js";
import { label as labelOf } from "../text/words.js";
import { saidOf } from "../state/items.js";
import { ItemPicker } from "./picker.js";
import { say, t } from "../text/say.js";

/**
 * @typedef {{key: string, label: string, type?: "text"|"textarea"|"number"|"date"|"time"|"select"|"checks"|"user"|"yes"|"words"|"contacts"|"companies"|"password"|"email"|"color",
 *   options?: {value: string, text: string}[], list?: string[], required?: boolean, hint?: any, start?: any}} FormField
 */

/** A value of a record as its editor has it. @param {FormField} field @param {any} value @returns {string} */
function textOf({ type }, value) {
  if (value === null || value === undefined) return "";
  if (type === "time") return localTime(value);
  if (type === "checks") return JSON.stringify(value);
  if (type === "words") return value.join(", ");
  return String(value);
}

/** A moment as an input of the browser has it. @param {string} value */
export function localTime(value) {
  const at = new Date(value);
  return Number.isNaN(at.getTime()) ? "" : new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** What is sent of a text. @param {FormField} field @param {string} text @returns {any} */
function valueOf({ type }, text) {
  const value = type === "textarea" ? text.replace(/\s+$/, "") : text.trim();
  if (type === "words") return value.split(",").map((one) => one.trim()).filter(Boolean);
  if (type === "checks") return chosen(value);
  if (value === "") return null;
  if (type === "number") return Number.isFinite(Number(value)) ? Number(value) : value;
  if (type === "time") return new Date(value).toISOString();
  if (type === "yes") return value === "true";
  return value;
}

const YES = [{ value: "", text: "–" }, { value: "true", text: t("Yes") }, { value: "false", text: t("No") }];

/** @param {FormField} field */
function inputOf(field) {
  const { key, label, type, options, list } = field;
  if (type === "user") return { key, label, type: "select", options: [{ value: "", text: t("Nobody") }, ...[...people.value].map(([value, text]) => ({ value, text }))] };
  if (type === "yes") return { key, label, type: "select", options: YES };
  if (type === "time") return { key, label, type: "datetime-local" };
  return { key, label, type: type === "words" ? "text" : type, options, list };
}

/**
 * @param {{name: string, fields: FormField[], item?: any, save: string, onSave: (body: Record<string, any>) => Promise<unknown>, onClose?: () => void, children?: any}} props
 *   with an `item` only what was changed is sent
 */
export function RecordForm({ name, fields, item, save, onSave, onClose, children }) {
  const begin = () => Object.fromEntries(fields.map((field) => [field.key, textOf(field, item ? item[field.key] : field.start)]));
  const [texts, setTexts] = useState(begin);
  const [problem, setProblem] = useState(/** @type {Problem|null} */ (null));
  const [sending, setSending] = useState(false);
  const form = useRef(/** @type {HTMLFormElement|null} */ (null));
  const seen = useRef(item?.version);
  const started = useRef(texts);
  /** Whether the next version is what was sent from here. */
  const mine = useRef(false);
  /** What somebody else has saved in fields that are being typed in, as their texts. */
  const [changed, setChanged] = useState(/** @type {Record<string, string>} */ ({}));
  useEffect(() => {
    // What was typed before this ran stays: only another version begins anew.
    if (seen.current === item?.version) return;
    seen.current = item?.version;
    const before = started.current;
    const fresh = begin();
    started.current = fresh;
    if (mine.current) {
      mine.current = false;
      setTexts(fresh);
      setChanged({});
      return;
    }
    // What somebody else has changed is taken over, but for what is being typed.
    setTexts((now) => Object.fromEntries(Object.keys(fresh).map((key) => [key, now[key] === before[key] ? fresh[key] : now[key]])));
    const theirs = Object.keys(fresh).filter((key) => before[key] !== fresh[key] && texts[key] !== before[key] && texts[key] !== fresh[key]);
    setChanged(Object.fromEntries(theirs.map((key) => [key, fresh[key]])));
  }, [item?.version]);
  useEffect(() => {
    const bad = problem && form.current?.querySelector("[aria-invalid], .trouble");
    if (bad instanceof HTMLElement) bad.focus();
  }, [problem]);
  const set = (/** @type {string} */ key, /** @type {string} */ text) => {
    mine.current = false;
    setTexts((now) => ({ ...now, [key]: text }));
  };
  const start = begin();
  const takeTheirs = (/** @type {string} */ key) => {
    set(key, changed[key]);
    setChanged((now) => Object.fromEntries(Object.entries(now).filter(([one]) => one !== key)));
  };
  const send = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (sending) return;
    const lacks = fields.filter((field) => field.required && !texts[field.key].trim());
    if (lacks.length) {
      setProblem(new Problem(422, { errors: lacks.map((field) => ({ pointer: `/${field.key}`, detail: t("{0} is needed.", field.label) })) }));
      return;
    }
    const wanted = fields.filter((field) => (item ? texts[field.key] !== start[field.key] : texts[field.key].trim() !== ""));
    setSending(true);
    setProblem(null);
    try {
      mine.current = true;
      if ((await onSave(Object.fromEntries(wanted.map((field) => [field.key, valueOf(field, texts[field.key])])))) === false) mine.current = false;
    } catch (error) {
      mine.current = false;
      if (!(error instanceof Problem)) throw error;
      setProblem(error);
    }
    setSending(false);
  };
  const keyOf = (/** @type {string|undefined} */ pointer) => (pointer ?? "").replace(/^#?\//, "").split("/")[0];
  const others = problem ? problem.errors.filter((one) => !fields.some((field) => field.key === keyOf(one.pointer))).map((one) => `${labelOf(keyOf(one.pointer)) || t("Error")}: ${one.detail ?? one.code}`) : [];
  if (problem && !problem.errors.length) others.push(saidOf(problem));
  return html`<form class="record-form" ref=${form} onSubmit=${send} aria-label=${name} data-test="record-form"
    onKeyDown=${(/** @type {KeyboardEvent} */ event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void send(event); }}>
    ${others.length ? html`<div class="trouble" role="alert" tabindex="-1">${others.map((text) => html`<p>${text}</p>`)}</div>` : null}
    ${fields.map((field) => {
      const id = `field-${field.key}`;
      const bad = problem?.errors.find((one) => keyOf(one.pointer) === field.key)?.detail;
      const about = [bad ? `${id}-bad` : "", field.hint ? `${id}-hint` : ""].filter(Boolean).join(" ") || undefined;
      const isGroup = field.type === "checks";
      return html`<div class="form-row" key=${field.key}>
        ${isGroup ? html`<span class="label">${field.label}</span>` : html`<label for=${id}>${field.label}</label>`}
        <div>${field.type === "contacts" || field.type === "companies"
          ? html`<${ItemPicker} id=${id} noun=${field.type} value=${texts[field.key] || null} bad=${Boolean(bad)} describedBy=${about} onPick=${(/** @type {any} */ one) => set(field.key, one?.id ?? "")} />`
          : html`<span class="inputs"><${Editor} id=${id} input=${inputOf(field)} value=${texts[field.key]} bad=${Boolean(bad)} describedBy=${about} onInput=${(/** @type {string} */ text) => set(field.key, text)} /></span>`}
          ${bad ? html`<p class="complaint" id=${`${id}-bad`}><${Icon} name="info" />${bad}</p>` : null}
          ${field.key in changed ? html`<p class="complaint" role="alert" data-test="theirs"><${Icon} name="info" />${say("Somebody saved “{0}” here meanwhile.", changed[field.key])}
            <button type="button" class="link" onClick=${() => takeTheirs(field.key)}>${t("Take theirs")}</button></p>` : null}
          ${field.hint ? html`<p class="note" id=${`${id}-hint`}>${field.hint}</p>` : null}</div>
      </div>`;
    })}
    ${children}
    <div class="form-end"><button type="submit" class="button main" disabled=${sending}>${save}</button>
      ${onClose ? html`<button type="button" class="button" onClick=${onClose}>${t("Close")}</button>` : null}</div>
  </form>`;
}
