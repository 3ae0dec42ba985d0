// @ts-check
// The form for a new contact. What is typed is kept as a draft until it is saved or discarded;
// sending it twice makes one contact.

import { html, onDemand, useEffect, useRef, useState } from "../dom.js";
import { Problem } from "../api.js";
import { create } from "../state/card.js";
import { customInput, customValue, definitionOf, definitions, loadDefinitions } from "../state/definitions.js";
import { dropDraft, keepDraft, useDraft } from "../state/drafts.js";
import { go } from "../state/url.js";
import { label as labelOf, problemText } from "../text/words.js";
import { Editor } from "./editor.js";
import { PHONE_LABELS } from "./fields.js";
import { CompanyLink } from "./company-link.js";
import { moreBody, MoreForm, moreInputOf } from "./more-form.js";
import { looksLikeNumber } from "./result-list.js";
import { Icon } from "./icons.js";
import { t } from "../text/say.js";

const Likely = onDemand(() => import("../review/likely.js").then((file) => file.Likely));

/**
 * @typedef {{name: string, phones: {number: string, label: string}[], emails: string[], company: string, company_id: string,
 *   title: string, tags: string, notes: string, custom: Record<string, string>, more: import("./more-form.js").More}} Draft
 */

/** @param {string} start what was searched for or who called @returns {Draft} */
function blank(start) {
  const number = looksLikeNumber(start);
  const mail = !number && start.includes("@");
  return {
    name: number || mail ? "" : start,
    phones: [{ number: number ? start : "", label: "mobile" }],
    emails: [mail ? start : ""],
    company: "",
    company_id: "",
    title: "",
    tags: "",
    notes: "",
    custom: {},
    more: {},
  };
}

/** What the server gets: nothing that is empty. @param {Draft} draft */
function body(draft) {
  const text = (/** @type {string} */ value) => value.trim() || undefined;
  const phones = draft.phones.filter((one) => one.number.trim());
  const emails = draft.emails.filter((one) => one.trim());
  const custom = required().map(({ key }) => [key, customValue(definitionOf(key), draft.custom[key] ?? "", null)]).filter(([, value]) => value !== null);
  const tags = draft.tags.split(",").map((one) => one.trim()).filter(Boolean);
  const { custom: own, ...more } = moreBody(draft.more, draft.name.trim());
  return {
    name: text(draft.name),
    phones: phones.length ? phones.map((one, index) => ({ number: one.number.trim(), label: text(one.label), primary: index === 0 })) : undefined,
    emails: emails.length ? emails.map((one, index) => ({ address: one.trim(), primary: index === 0 })) : undefined,
    company: text(draft.company),
    company_id: text(draft.company_id),
    title: text(draft.title),
    tags: tags.length ? tags : undefined,
    notes: text(draft.notes),
    custom_fields: custom.length || own ? { ...Object.fromEntries(custom), ...own } : undefined,
    ...more,
  };
}

/** Every new contact needs a value of these. */
const required = () => definitions.value.filter((one) => one.required);

/** The inputs a pointer of the server may mean. @param {string} pointer */
function inputOf(pointer) {
  const [kind, index, ...steps] = pointer.replace(/^#?\//, "").split("/").map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  if (["phones", "phone", "mobile"].includes(kind)) return `phones/${index ?? 0}`;
  if (["emails", "email"].includes(kind)) return `emails/${index ?? 0}`;
  if (["name", "display_name", ""].includes(kind)) return "name";
  if (kind === "custom_fields") return required().some((one) => one.key === index) ? `custom_fields/${index}` : `custom.${index}`;
  return moreInputOf(kind, [index, ...steps].filter((one) => one !== undefined)) ?? kind;
}

/** @param {{start?: string, title?: string, closable?: boolean}} props `start` is filled in where it belongs */
export function ContactForm({ start = "", title = t("New contact"), closable = true }) {
  const draftKey = `new/${start}`;
  const [draft, setDraft] = useState(() => blank(start));
  useDraft(draftKey, (values) => setDraft({ ...blank(start), ...values }));
  const [problem, setProblem] = useState(/** @type {Problem|null} */ (null));
  const [sending, setSending] = useState(false);
  const form = useRef(/** @type {HTMLFormElement|null} */ (null));
  const key = useRef(crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`);

  useEffect(() => {
    void loadDefinitions({ again: true });
    form.current?.querySelector("input")?.focus();
  }, []);

  const change = (/** @type {Partial<Draft>} */ part) => {
    const next = { ...draft, ...part };
    if (JSON.stringify(next) === JSON.stringify(blank(start))) dropDraft(draftKey);
    else keepDraft(draftKey, { what: t("new contact"), whose: next.name.trim() || next.phones[0].number || next.emails[0], start, values: next });
    setDraft(next);
  };
  const discard = () => {
    dropDraft(draftKey);
    setDraft(blank(start));
    setProblem(null);
    form.current?.querySelector("input")?.focus();
  };
  const send = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (sending) return;
    const wanted = body(draft);
    if (!wanted.name && !draft.name.trim() && !draft.more.first_name?.trim() && !draft.more.last_name?.trim() && !wanted.channels && !wanted.phones && !wanted.emails) {
      setProblem(new Problem(422, { detail: "", errors: [{ pointer: "/name", detail: t("A name, a number or an e-mail is needed.") }] }));
      return;
    }
    setSending(true);
    setProblem(null);
    try {
      await create(wanted, key.current, () => dropDraft(draftKey));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      // The definitions may have changed since the form was opened.
      if (error.errors.some((one) => /^#?\/custom_fields\//.test(one.pointer ?? ""))) await loadDefinitions({ again: true });
      setProblem(error);
      // Corrected input is another request.
      if (error.status === 422 || error.status === 409) key.current = `${key.current}+`;
      setSending(false);
    }
  };
  const shown = new Set([...Object.keys(draft.more), "name", "company", "title", "tags", "notes", ...draft.phones.map((_, index) => `phones/${index}`),
    ...draft.emails.map((_, index) => `emails/${index}`), ...required().map((one) => `custom_fields/${one.key}`)]);
  /** @param {string} name */
  const complaint = (name) => problem?.errors.find((one) => inputOf(one.pointer ?? "") === name)?.detail;
  /** What no field of the form can say. */
  const others = problem ? problem.errors.filter((one) => !shown.has(inputOf(one.pointer ?? "")) || !one.detail).map((one) => {
    const [kind, name] = inputOf(one.pointer ?? "").split("/");
    const about = kind === "custom_fields" ? (definitionOf(name)?.label ?? name) : labelOf(kind);
    return `${about}: ${one.detail ?? one.code}`;
  }) : [];
  if (problem && !problem.errors.length) others.push(problemText(problem));
  useEffect(() => {
    const place = problem && form.current?.querySelector("[aria-invalid], .trouble");
    if (place instanceof HTMLElement) place.focus();
  }, [problem]);

  const row = (/** @type {string} */ name, /** @type {string} */ label, /** @type {string} */ value, /** @type {(value: string) => void} */ set, /** @type {any} */ more = {}) => {
    const bad = complaint(name);
    const id = `new-${name.replace("/", "-")}`;
    const { after, area, below, ...attributes } = more;
    const common = { id, value, class: "editor", autocomplete: "off", "aria-invalid": bad ? "true" : undefined,
      "aria-describedby": bad ? `${id}-bad` : undefined, onInput: (/** @type {any} */ event) => set(event.target.value), ...attributes };
    return html`<div class="form-row">
      <label for=${id}>${label}</label>
      <div><span class="inputs">${area ? html`<textarea rows="3" ...${common}></textarea>` : html`<input type="text" ...${common} />`}${after}</span>
        ${below}
        ${bad ? html`<p class="complaint" id=${`${id}-bad`}><${Icon} name="info" />${bad}</p>` : null}</div>
    </div>`;
  };
  const phone = (/** @type {number} */ index, /** @type {any} */ part) => change({ phones: draft.phones.map((one, at) => (at === index ? { ...one, ...part } : one)) });
  const custom = (/** @type {import("../api.js").Definition} */ { key: name, label, type }) => {
    const bad = complaint(`custom_fields/${name}`);
    const id = `new-custom-${name}`;
    return html`<div class="form-row" key=${id}>
      ${type === "multi_select" ? html`<span class="label">${label}</span>` : html`<label for=${id}>${label}</label>`}
      <div><span class="inputs"><${Editor} id=${id} input=${customInput(definitionOf(name), label, null)} value=${draft.custom[name] ?? ""} bad=${Boolean(bad)}
          describedBy=${bad ? `${id}-bad` : undefined} onInput=${(/** @type {string} */ value) => change({ custom: { ...draft.custom, [name]: value } })} /></span>
        ${bad ? html`<p class="complaint" id=${`${id}-bad`}><${Icon} name="info" />${bad}</p>` : null}</div>
    </div>`;
  };
  const { notes, tags, title: position, custom_fields: own, ...all } = body(draft);
  const { phones, emails, company, birthday, first_name, last_name } = /** @type {any} */ (all);
  const compared = { name: all.name ?? (draft.name.trim() || undefined), phones, emails, company, birthday, first_name, last_name };
  return html`<form class="card form" ref=${form} onSubmit=${send} aria-label=${title} data-test="create-form"
    onKeyDown=${(/** @type {KeyboardEvent} */ event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void send(event); }}>
    <h1>${title}</h1>
    ${others.length ? html`<div class="trouble" role="alert" tabindex="-1" data-test="form-trouble">${others.map((text) => html`<p>${text}</p>`)}</div>` : null}
    ${row("name", t("Name"), draft.name, (name) => change({ name }))}
    ${draft.phones.map((one, index) => row(`phones/${index}`, index ? t("Phone {0}", index + 1) : t("Phone"), one.number, (number) => phone(index, { number }), {
      type: "tel",
      after: html`<select class="editor short" aria-label=${t("Kind of phone {0}", index + 1)} value=${one.label} onChange=${(/** @type {any} */ event) => phone(index, { label: event.target.value })}>
        ${PHONE_LABELS.map((label) => html`<option value=${label} selected=${label === one.label}>${label}</option>`)}
      </select>
      ${index === draft.phones.length - 1 ? html`<button type="button" class="act" aria-label=${t("Another phone")} title=${t("Another phone")}
        onClick=${() => change({ phones: [...draft.phones, { number: "", label: "work" }] })}><${Icon} name="plus" /></button>` : null}`,
    }))}
    ${draft.emails.map((one, index) => row(`emails/${index}`, index ? t("E-mail {0}", index + 1) : t("E-mail"), one, (address) => change({ emails: draft.emails.map((old, at) => (at === index ? address : old)) }), {
      after: index === draft.emails.length - 1 ? html`<button type="button" class="act" aria-label=${t("Another e-mail")} title=${t("Another e-mail")}
        onClick=${() => change({ emails: [...draft.emails, ""] })}><${Icon} name="plus" /></button>` : null,
    }))}
    ${row("company", t("Company"), draft.company, (company) => change({ company, company_id: "" }), { below: html`<${CompanyLink} name=${draft.company} email=${draft.emails[0]} linked=${draft.company_id}
      onLink=${(/** @type {{id: string, name: string}|null} */ one) => change(one ? { company: one.name, company_id: one.id } : { company_id: "" })} />` })}
    ${row("title", t("Title"), draft.title, (text) => change({ title: text }))}
    ${required().map(custom)}
    <${MoreForm} more=${draft.more} onChange=${(/** @type {import("./more-form.js").More} */ more) => change({ more })} complaint=${complaint} />
    ${row("tags", t("Tags"), draft.tags, (tags) => change({ tags }), { placeholder: t("Customer, VIP") })}
    ${row("notes", t("Notes"), draft.notes, (notes) => change({ notes }), { area: true })}
    <div class="form-end">
      <button type="submit" class="button main" disabled=${sending}>${t("Save contact")}</button>
      ${closable ? html`<button type="button" class="button" onClick=${() => go({ create: false })}>${t("Close")}</button>` : null}
      <button type="button" class="button" onClick=${discard}>${t("Discard")}</button>
      <span class="quiet-text"><kbd>${t("Enter")}</kbd> ${t("saves. What you typed is kept if you leave.")}</span>
    </div>
    ${compared.name || compared.phones || compared.emails ? html`<${Likely} draft=${compared} />` : null}
  </form>`;
}
