// @ts-check
// One fact on the card that is edited where it stands: click or Enter opens it, Enter or
// leaving it saves, Escape takes the change back. It shows what became of the change:
// saving, saved, refused with the reason, or in conflict with somebody else's.

import { html, onDemand, useEffect, useLayoutEffect, useRef, useState } from "../dom.js";
import { editRequest, freshField } from "../state/card.js";
import { may } from "../state/me.js";
import { save } from "../state/records.js";
import { problemText } from "../text/words.js";
import { Icon } from "./icons.js";

/**
 * @typedef {import("../api.js").Contact} Contact
 * @typedef {{key: string, label: string, type?: "text"|"date"|"tel"|"email"|"textarea"|"select",
 *   options?: {value: string, text: string}[], list?: string[], width?: string}} Input
 * @typedef {{
 *   id: string, path: string, label: string, inputs: Input[],
 *   values: Record<string, string>,
 *   patch: (values: Record<string, string>) => Record<string, any>,
 *   text: (contact: Contact) => string,
 *   show: any, after?: any, inline?: boolean, pointer?: string, join?: string, fixed?: boolean,
 * }} FieldProps
 * @typedef {null | {state: "saving"|"saved"} | {state: "problem", problem: import("../api.js").Problem}
 *   | {state: "conflict", theirs: string, mine: string}} Status
 */

const Likely = onDemand(() => import("../review/likely.js").then((file) => file.Likely));
/** Fields that tell people apart. */
const TELLING = /^(name|phones|emails|company|birthday)/;
const SAVED_MS = 2000;

/** The sentences of a problem that are about this field. @param {any} problem @param {string} pointer */
function complaints(problem, pointer) {
  const mine = problem.errors.filter((/** @type {any} */ one) => (one.pointer ?? "").replace(/^#/, "").startsWith(`/${pointer}`));
  const all = mine.length ? mine : problem.errors;
  return all.length ? all.map((/** @type {any} */ one) => one.detail ?? one.code) : [problemText(problem)];
}

/** @param {{input: Input, value: string, bad: boolean, describedBy?: string, onInput: (value: string) => void}} props */
export function Editor({ input, value, bad, describedBy, onInput }) {
  const common = {
    "aria-label": input.label,
    "aria-invalid": bad ? "true" : undefined,
    "aria-describedby": describedBy,
    class: input.width === "short" ? "editor short" : "editor",
    onInput: (/** @type {any} */ event) => onInput(event.target.value),
    value,
  };
  if (input.type === "textarea") return html`<textarea rows="4" ...${common}></textarea>`;
  if (input.type === "select") {
    return html`<select ...${common}>
      ${(input.options ?? []).map((one) => html`<option value=${one.value} selected=${one.value === value}>${one.text}</option>`)}
    </select>`;
  }
  const list = input.list ? `list-${input.key}` : undefined;
  return html`<input type=${input.type ?? "text"} placeholder=${input.label} list=${list} autocomplete="off" ...${common} />
    ${input.list ? html`<datalist id=${list}>${input.list.map((one) => html`<option value=${one}></option>`)}</datalist>` : null}`;
}

/** @param {{status: Status, describedBy: string, pointer: string, onMine: () => void, onTheirs: () => void}} props */
function Outcome({ status, describedBy, pointer, onMine, onTheirs }) {
  if (status?.state === "problem") {
    return html`<div class="complaint" id=${describedBy} role="alert">
      ${complaints(status.problem, pointer).map((/** @type {string} */ text) => html`<p><${Icon} name="info" />${text}</p>`)}
    </div>`;
  }
  if (status?.state !== "conflict") return null;
  return html`<div class="conflict" role="alert" data-test="conflict">
    <p>Somebody else changed this meanwhile. Which one is right?</p>
    <div class="sides">
      <button type="button" onClick=${onTheirs}><span class="side">Theirs, saved now</span><strong>${status.theirs || "(empty)"}</strong></button>
      <button type="button" onClick=${onMine}><span class="side">Yours</span><strong>${status.mine || "(empty)"}</strong></button>
    </div>
  </div>`;
}

/** @param {FieldProps} props */
export function Field(props) {
  const { id, path, label, inputs, values, show, after, inline } = props;
  const fixed = props.fixed || !may("edit");
  const [draft, setDraft] = useState(/** @type {Record<string, string>|null} */ (null));
  const [status, setStatus] = useState(/** @type {Status} */ (null));
  const form = useRef(/** @type {HTMLElement|null} */ (null));
  const button = useRef(/** @type {HTMLElement|null} */ (null));
  const busy = useRef(false);
  // The last blur comes while the editor is being taken away; it must not save again.
  const isOpen = useRef(false);
  const refused = useRef("");
  const backToButton = useRef(false);
  const pointer = props.pointer ?? path;
  const describedBy = `about-${path.replaceAll("/", "-")}`;

  const open = () => {
    setStatus(null);
    refused.current = "";
    isOpen.current = true;
    setDraft({ ...values });
  };
  /** A field that was being added goes from its temporary place. */
  const leaveFresh = () => {
    if (freshField.peek() !== path) return;
    freshField.value = null;
    if (backToButton.current) document.getElementById("card-name")?.focus();
  };
  const close = () => {
    isOpen.current = false;
    setDraft(null);
    setStatus(null);
    leaveFresh();
  };

  useEffect(() => {
    if (editRequest.value !== path) return;
    editRequest.value = null;
    if (!fixed) open();
  }, [editRequest.value]);
  useLayoutEffect(() => {
    if (draft) {
      const input = /** @type {HTMLInputElement|null} */ (form.current?.querySelector(".editor"));
      input?.focus();
      if (input && "select" in input) input.select();
    } else if (backToButton.current) {
      backToButton.current = false;
      (button.current ?? document.getElementById("card-name"))?.focus();
    }
  }, [draft === null]);
  useEffect(() => {
    if (status?.state !== "saved") return undefined;
    const timer = setTimeout(() => setStatus(null), SAVED_MS);
    return () => clearTimeout(timer);
  }, [status]);

  /** @param {Record<string, string>} wanted */
  const commit = async (wanted) => {
    if (busy.current) return;
    if (JSON.stringify(wanted) === JSON.stringify(values) && status?.state !== "conflict") {
      close();
      return;
    }
    busy.current = true;
    setStatus({ state: "saving" });
    const outcome = await save(id, props.patch(wanted));
    busy.current = false;
    if (outcome.state === "saved") {
      isOpen.current = false;
      setDraft(null);
      setStatus({ state: "saved" });
      leaveFresh();
    } else if (outcome.state === "problem") {
      refused.current = JSON.stringify(wanted);
      backToButton.current = false;
      setStatus(outcome);
    } else {
      backToButton.current = false;
      const mine = inputs.map((input) => wanted[input.key]).filter(Boolean).join(props.join ?? ", ");
      setStatus({ state: "conflict", theirs: props.text(outcome.theirs), mine });
    }
  };

  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (!draft || event.isComposing) return;
    if (event.key === "Escape") {
      backToButton.current = true;
      close();
    } else if (event.key === "Enter" && /** @type {HTMLElement} */ (event.target).tagName !== "BUTTON") {
      const isText = /** @type {HTMLElement} */ (event.target).tagName === "TEXTAREA";
      if (isText && !event.ctrlKey && !event.metaKey) return;
      backToButton.current = true;
      void commit(draft);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const onFocusOut = (/** @type {FocusEvent} */ event) => {
    if (!draft || !isOpen.current || busy.current || status?.state === "conflict") return;
    if (form.current?.contains(/** @type {Node|null} */ (event.relatedTarget))) return;
    if (refused.current === JSON.stringify(draft)) return;
    void commit(draft);
  };

  const bad = status?.state === "problem";
  /** A pointer to one of several inputs means only that one. @param {string} key */
  const isBad = (key) => {
    if (status?.state !== "problem") return false;
    const ends = status.problem.errors.map((one) => (one.pointer ?? "").split("/").pop());
    return !inputs.some((input) => ends.includes(input.key)) || ends.includes(key);
  };
  const body = draft
    ? html`<span class="editors" ref=${form} onKeyDown=${onKeyDown} onFocusOut=${onFocusOut}>
        <span class="inputs">
          ${inputs.map((input) => html`<${Editor} key=${input.key} input=${input} value=${draft[input.key] ?? ""} bad=${isBad(input.key)}
            describedBy=${bad ? describedBy : undefined}
            onInput=${(/** @type {string} */ value) => setDraft({ ...draft, [input.key]: value })} />`)}
        </span>
        <${Outcome} status=${status} describedBy=${describedBy} pointer=${pointer} onMine=${() => void commit(draft)}
          onTheirs=${() => { backToButton.current = true; close(); }} />
        ${TELLING.test(path) && JSON.stringify(draft) !== JSON.stringify(values) ? html`<${Likely} draft=${props.patch(draft)} id=${id} />` : null}
      </span>`
    : fixed ? html`<span class="value"><span class="vh">${label}: </span>${show}</span>`
    : html`<button type="button" class="value" ref=${button} onClick=${open} title=${`${label}: click or Enter to edit`}>
        <span class="vh">${label}: </span>${show}<span class="vh">, edit</span>
      </button>`;
  const saved = html`<span class="state" role="status">
    ${status?.state === "saved" ? html`<${Icon} name="ok" />Saved` : status?.state === "saving" ? html`<span class="late">Saving…</span>` : null}
  </span>`;
  if (inline) return html`<span class="field inline" data-test=${`field-${path}`}>${body}${saved}</span>`;
  return html`<div class="field" data-test=${`field-${path}`}>
    <dt>${label}</dt>
    <dd>${body}${draft ? null : after}${saved}</dd>
  </div>`;
}
