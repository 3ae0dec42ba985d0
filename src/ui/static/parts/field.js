// @ts-check
// One fact on the card that is edited in place: click or Enter opens it, Enter or leaving it
// saves, Escape discards the change. It shows what became of the change: saving, saved, refused
// with the reason, or in conflict with somebody else's. What is typed is kept as a draft until then.

import { html, onDemand, useEffect, useLayoutEffect, useRef, useState } from "../dom.js";
import { editRequest, freshField, takesEdit } from "../state/card.js";
import { place } from "../state/url.js";
import { dropDraft, findDraft, keepDraft, showsDraft } from "../state/drafts.js";
import { unlessPageLeaves } from "../state/leaving.js";
import { may } from "../state/me.js";
import { record, save } from "../state/records.js";
import { Editor } from "./editor.js";
import { Icon } from "./icons.js";
import { Outcome } from "./outcome.js";
import { lower, t } from "../text/say.js";

/**
 * @typedef {import("../api.js").Contact} Contact
 * @typedef {import("./editor.js").Input} Input
 * @typedef {import("./outcome.js").Status} Status
 * @typedef {{
 *   id: string, path: string, label: string, inputs: Input[],
 *   values: Record<string, string>,
 *   patch: (values: Record<string, string>) => Record<string, any>,
 *   text: (contact: Contact) => string,
 *   show: any, after?: any, inline?: boolean, pointer?: string, join?: string, fixed?: boolean,
 *   asks?: boolean,
 * }} FieldProps `asks`: a change is shown and saved only when it is said again
 */

const Likely = onDemand(() => import("../review/likely.js").then((file) => file.Likely));
/** Fields that tell people apart. */
const TELLING = /^(name|phones|emails|company|birthday)/;
const SAVED_MS = 2000;

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
  /** What the record said when the editor was opened, as text. */
  const base = useRef("");
  const refused = useRef("");
  const backToButton = useRef(false);
  const pointer = props.pointer ?? path;
  const describedBy = `about-${path.replaceAll("/", "-")}`;
  const key = `${id}/${path}`;
  const now = JSON.stringify(values);
  const isTyped = draft !== null && JSON.stringify(draft) !== base.current;
  /** What the person sees, and so what they change. */
  const seen = record(id).peek().contact;
  const before = inputs.map((input) => values[input.key]).filter(Boolean).join(props.join ?? ", ");
  const mine = (/** @type {Record<string, string>} */ wanted) => inputs.map((input) => wanted[input.key]).filter(Boolean).join(props.join ?? ", ");

  const open = () => {
    refused.current = "";
    isOpen.current = true;
    base.current = now;
    const kept = findDraft(key);
    const contact = record(id).peek().contact;
    setDraft({ ...values, ...kept?.values });
    // What was typed earlier may be about a value that somebody has changed since.
    const isOld = kept && contact && JSON.stringify(kept.base) !== JSON.stringify(values);
    setStatus(isOld ? { state: "conflict", theirs: props.text(contact), mine: mine(kept.values) } : null);
  };
  const type = (/** @type {Record<string, string>} */ next) => {
    setDraft(next);
    if (status?.state === "asks") setStatus(null);
    if (status?.state === "conflict") setStatus({ ...status, mine: mine(next) });
    if (JSON.stringify(next) === JSON.stringify(values)) dropDraft(key);
    else {
      keepDraft(key, { what: path === "notes" ? t("note") : lower(label), whose: record(id).peek().contact?.display_name ?? "",
        id, path, values: next, base: findDraft(key)?.base ?? values });
    }
  };
  /** A field that was being added goes from its temporary place. */
  const leaveFresh = () => {
    if (freshField.peek()?.path !== path || freshField.peek()?.id !== id) return;
    freshField.value = null;
    if (backToButton.current) document.getElementById("card-name")?.focus();
  };
  const close = () => {
    isOpen.current = false;
    dropDraft(key);
    setDraft(null);
    setStatus(null);
    leaveFresh();
  };

  useEffect(() => {
    if (takesEdit(id, path) && !fixed) open();
  }, [editRequest.value]);
  useEffect(() => {
    showsDraft(key, draft !== null);
    return () => showsDraft(key, false);
  }, [key, draft === null]);
  useLayoutEffect(() => {
    if (!draft || busy.current || base.current === now) return;
    // Somebody else has saved this field while it is open here.
    const contact = record(id).peek().contact;
    if (JSON.stringify(draft) === now) close();
    else if (isTyped && contact) setStatus({ state: "conflict", theirs: props.text(contact), mine: mine(draft) });
  }, [now, isTyped]);
  /** Goes on with what is typed in the editor that has taken the place of this one. */
  const reopen = () => {
    if (findDraft(key) && place.peek().contact === id && !place.peek().tab) editRequest.value = { id, path };
  };
  useEffect(() => () => {
    // A field that was being added is on the record now: what is typed goes on where it stands.
    const isAdded = isOpen.current && !busy.current && freshField.peek()?.id === id && freshField.peek()?.path === path;
    if (!isAdded) return;
    isOpen.current = false;
    reopen();
  }, []);
  useLayoutEffect(() => {
    if (draft) {
      const input = /** @type {HTMLInputElement|null} */ (form.current?.querySelector(".editor"));
      input?.focus();
      if (input?.tagName === "TEXTAREA") input.setSelectionRange(input.value.length, input.value.length);
      else if (input && "select" in input) input.select();
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
    if ([now, base.current].includes(JSON.stringify(wanted)) && status?.state !== "conflict") {
      close();
      return;
    }
    if (props.asks && status?.state !== "asks" && status?.state !== "conflict") {
      setStatus({ state: "asks", mine: mine(wanted) });
      return;
    }
    busy.current = true;
    setStatus({ state: "saving" });
    const outcome = await save(id, props.patch(wanted), label, seen);
    busy.current = false;
    if (outcome.state === "saved") {
      dropDraft(key);
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
      setStatus({ state: "conflict", theirs: props.text(outcome.theirs), mine: mine(wanted) });
      if (!form.current) reopen();
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
      // It may have come while the key was on its way: what to keep is chosen, not overlooked.
      const choice = /** @type {HTMLElement|null} */ (form.current?.querySelector(".sides button:last-child"));
      if (choice) choice.focus();
      else {
        backToButton.current = true;
        void commit(draft);
      }
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const onFocusOut = (/** @type {FocusEvent} */ event) => {
    if (!draft || !isOpen.current || busy.current || status?.state === "conflict") return;
    if (form.current?.contains(/** @type {Node|null} */ (event.relatedTarget))) return;
    // The window lost the focus, not the field: somebody looks something up meanwhile.
    if (form.current?.contains(document.activeElement)) return;
    if (refused.current === JSON.stringify(draft) || status?.state === "asks") return;
    unlessPageLeaves(() => {
      // Meanwhile it may have been saved, discarded or taken up again.
      if (isOpen.current && !busy.current && !form.current?.contains(document.activeElement)) void commit(draft);
    });
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
            onInput=${(/** @type {string} */ value) => type({ ...draft, [input.key]: value })} />`)}
        </span>
        <${Outcome} status=${status} describedBy=${describedBy} pointer=${pointer} before=${before} onMine=${() => void commit(draft)}
          onTheirs=${() => { backToButton.current = true; close(); }} />
        ${TELLING.test(path) && JSON.stringify(draft) !== JSON.stringify(values) ? html`<${Likely} draft=${props.patch(draft)} id=${id} />` : null}
      </span>`
    : fixed ? html`<span class="value"><span class="vh">${label}: </span>${show}</span>`
    : html`<button type="button" class="value" ref=${button} onClick=${open} title=${t("{0}: click or Enter to edit", label)}>
        <span class="vh">${label}: </span>${show}<span class="vh">${t(", edit")}</span>
      </button>`;
  const saved = html`<span class="state" role="status">
    ${status?.state === "saved" ? html`<${Icon} name="ok" />${t("Saved")}` : status?.state === "saving" ? html`<span class="late">${t("Saving…")}</span>` : null}
  </span>`;
  if (inline) return html`<span class="field inline" data-test=${`field-${path}`}>${body}${saved}</span>`;
  return html`<div class="field" data-test=${`field-${path}`}>
    <dt>${label}</dt>
    <dd>${body}${draft ? null : after}${saved}</dd>
  </div>`;
}
