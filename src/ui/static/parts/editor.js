// @ts-check
// The input of one value, by its kind. Every value is a text here; what it stands for is the
// business of whoever shows it.

import { html } from "../dom.js";

/**
 * @typedef {"text"|"date"|"tel"|"email"|"number"|"textarea"|"select"|"checks"} Kind
 * @typedef {{key: string, label: string, type?: Kind, options?: {value: string, text: string}[],
 *   list?: string[], width?: string}} Input
 */

/** The values of "checks" as one text, and back. @param {string} text @returns {string[]} */
export const chosen = (text) => (text ? JSON.parse(text) : []);

/**
 * @param {{input: Input, value: string, bad: boolean, describedBy?: string, onInput: (value: string) => void,
 *   id?: string}} props
 */
export function Editor({ input, value, bad, describedBy, onInput, id }) {
  const common = {
    id,
    "aria-label": id ? undefined : input.label,
    "aria-invalid": bad ? "true" : undefined,
    "aria-describedby": describedBy,
    class: input.width === "short" ? "editor short" : "editor",
    onInput: (/** @type {any} */ event) => onInput(event.target.value),
    value,
  };
  if (input.type === "textarea") return html`<textarea rows=${Math.min(16, Math.max(4, value.split("\n").length + 1))} ...${common}></textarea>`;
  if (input.type === "select") {
    return html`<select ...${common}>
      ${(input.options ?? []).map((one) => html`<option value=${one.value} selected=${one.value === value}>${one.text}</option>`)}
    </select>`;
  }
  if (input.type === "checks") {
    const now = chosen(value);
    const toggle = (/** @type {string} */ one) => {
      const next = (input.options ?? []).map((option) => option.value).filter((option) => (option === one) !== now.includes(option));
      onInput(next.length ? JSON.stringify(next) : "");
    };
    return html`<span class="checks" role="group" id=${id} aria-label=${input.label} aria-describedby=${describedBy}>
      ${(input.options ?? []).map((one) => html`<label class="check"><input type="checkbox" class="editor" checked=${now.includes(one.value)}
        onChange=${() => toggle(one.value)} />${one.text}</label>`)}</span>`;
  }
  const list = input.list ? `list-${input.key}` : undefined;
  return html`<input type=${input.type === "number" ? "text" : (input.type ?? "text")} inputmode=${input.type === "number" ? "decimal" : undefined}
      placeholder=${id ? undefined : input.label} list=${list} autocomplete="off" ...${common} />
    ${input.list ? html`<datalist id=${list}>${input.list.map((one) => html`<option value=${one}></option>`)}</datalist>` : null}`;
}
