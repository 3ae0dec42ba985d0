// @ts-check
// Who works here: users, queues, departments, and the tokens of programs.

import { html, signal } from "../dom.js";
import { request } from "../api.js";
import { copy } from "../state/card.js";
import { me } from "../state/me.js";
import { people, personName } from "../state/people.js";
import { ago, inFull } from "../text/time.js";
import { label as labelOf } from "../text/words.js";
import { act } from "../state/items.js";
import { useItems } from "../work/list-page.js";
import { WholeList } from "./whole.js";
import { t } from "../text/say.js";
import { SeesAs } from "./sees.js";

/** @typedef {import("../state/items.js").Item} Item */

const ROLES = ["agent", "manager", "admin"];
/** @param {string[]} values @param {(value: string) => string} [said] */
const options = (values, said = labelOf) => values.map((value) => ({ value, text: said(value) }));

const manages = () => Boolean(me.value?.permissions.manage_users);

/** Departments by id. @type {import("../vendor/signals.js").Signal<Item[]>} */
const departments = signal([]);
/** @param {string|null} id */
const departmentName = (id) => departments.value.find((one) => one.id === id)?.name ?? "";

function useDepartments() {
  const { items } = useItems("departments");
  if (items && items !== departments.peek()) departments.value = items;
}
const departmentChoice = () => [{ value: "", text: t("None") }, ...departments.value.map((one) => ({ value: one.id, text: one.name }))];

export function Users() {
  useDepartments();
  /** @type {import("../work/list-page.js").Spec} */
  const spec = {
    noun: "users", title: t("Users"), one: "user", sort: "name", hasTrash: false, mayEdit: manages,
    empty: t("Everybody who signs in is a user. Make one for each person."),
    columns: [
      { key: "name", label: t("Name"), sort: "name", cell: (row) => (row.disabled ? html`<s>${row.name}</s>` : row.name) },
      { key: "email", label: t("E-mail"), sort: "email", cell: (row) => row.email ?? "" },
      { key: "role", label: t("Role"), sort: "role", cell: (row) => labelOf(row.role ?? "") },
      { key: "department", label: t("Department"), cell: (row) => departmentName(row.department_id) },
      { key: "state", label: t("Signs in"), cell: (row) => (row.disabled ? t("not any more") : row.has_password ? t("with a password") : row.subject ? t("by single sign-on") : t("not yet")) },
    ],
    fields: () => [
      { key: "name", label: t("Name"), required: true },
      { key: "email", label: t("E-mail"), type: "email", required: true },
      { key: "role", label: t("Role"), type: "select", options: options(ROLES), start: "agent", hint: t("What a role may do is under Roles.") },
      { key: "department_id", label: t("Department"), type: "select", options: departmentChoice() },
      { key: "password", label: t("Password"), type: "password", hint: t("At least 10 characters; empty leaves it as it is. Tell it to the person, who changes it under Profile.") },
      { key: "disabled", label: t("Disabled"), type: "select", start: "", options: [{ value: "", text: t("No") }, { value: "true", text: t("Yes: cannot sign in") }, { value: "false", text: t("No: signs in") }] },
    ],
    detail: ({ item }) => html`<${SeesAs} key=${item.id} user=${item} />`,
    prepare: (body) => ({ ...body, ...("disabled" in body ? { disabled: body.disabled === "true" } : {}) }),
  };
  return html`<${WholeList} spec=${spec} />`;
}

/** @param {{item: Item, again: () => void}} props */
function Members({ item, again }) {
  const set = (/** @type {string} */ id, /** @type {boolean} */ on) => {
    const ask = (/** @type {boolean} */ now) => request(now ? "PUT" : "DELETE", `/api/v1/queues/${item.id}/members/${id}`);
    void act(() => ask(on), on ? t("{0} is in the queue.", personName(id)) : t("{0} is not in the queue.", personName(id)), () => ask(!on), again);
  };
  return html`<fieldset class="part"><legend>${t("Members")}</legend>${[...people.value].map(([id, name]) => html`<label class="check" key=${id}><input type="checkbox" checked=${item.members.includes(id)} onChange=${(/** @type {any} */ event) => set(id, event.target.checked)} />${name}</label>`)}
    ${people.value.size ? null : html`<p class="quiet-text">${t("There are no users yet.")}</p>`}</fieldset>`;
}

export const Queues = () => html`<${WholeList} spec=${{
  noun: "queues", title: t("Queues"), one: "queue", sort: "name", hasTrash: false, mayEdit: manages,
  empty: t("A queue gives contacts to several people: whoever is a member sees those whose visibility is the queue."),
  columns: [
    { key: "name", label: t("Name"), sort: "name", cell: (/** @type {Item} */ row) => row.name },
    { key: "members", label: t("Members"), cell: (/** @type {Item} */ row) => row.members.map(personName).join(", ") },
  ],
  fields: () => [{ key: "name", label: t("Name"), required: true }],
  detail: (/** @type {any} */ props) => html`<${Members} ...${props} />`,
}} />`;

export const Departments = () => html`<${WholeList} spec=${{
  noun: "departments", title: t("Departments"), one: "department", sort: "name", hasTrash: false, mayEdit: manages,
  empty: t("A department of yours owns contacts; its people see them."),
  columns: [{ key: "name", label: t("Name"), sort: "name", cell: (/** @type {Item} */ row) => row.name }],
  fields: () => [{ key: "name", label: t("Name"), required: true }],
}} />`;

/** @type {Record<string, string>} */
const SCOPES = { lookup: t("look numbers up"), phonebook: t("read phone books"), calls: t("report calls"), search: t("search contacts"), read: t("read contacts"), write: t("create and change contacts"), import: t("import lists"), export: t("export contacts"), admin: t("everything, settings too") };

/** @param {{item: Item}} props */
function TokenUse({ item }) {
  const secret = item.token;
  const host = location.origin;
  const address = `${host}/pop?number={number}`;
  return html`<section class="part" aria-label=${t("How it is used")} data-test="token-use">
    ${secret ? html`<p role="status"><strong>${t("Copy the token now; it is not shown again.")}</strong></p><pre tabindex="0" role="region" aria-label=${t("Token")}><code data-test="secret">${secret}</code></pre><p><button type="button" class="button" onClick=${() => copy(secret)}>${t("Copy the token")}</button></p>` : null}
    <h3>${t("From a program")}</h3><pre tabindex="0" role="region" aria-label=${t("From a program")}><code>curl -H "Authorization: Bearer ${secret ?? "TOKEN"}" "${host}/api/v1/lookup?number=%2B12025550123"</code></pre>
    <h3>${t("The page of a caller, for the telephone system")}</h3><pre tabindex="0" role="region" aria-label=${t("The page of a caller, for the telephone system")}><code>${address}</code></pre><p><button type="button" class="button" onClick=${() => copy(address)}>${t("Copy the address")}</button></p></section>`;
}

/** Tokens that were made since the page was opened, with their secrets. @type {import("../vendor/signals.js").Signal<Record<string, string>>} */
const secrets = signal({});

export function Tokens() {
  useDepartments();
  /** @type {import("../work/list-page.js").Spec} */
  const spec = {
    noun: "tokens", title: t("Tokens"), one: "token", sort: "-created_at", hasTrash: false, mayEdit: manages,
    empty: t("A program or telephone system identifies itself with a token."),
    columns: [
      { key: "name", label: t("Name"), sort: "name", cell: (row) => row.name ?? t("without a name") },
      { key: "role", label: t("Role"), sort: "role", cell: (row) => labelOf(row.role) },
      { key: "scopes", label: t("May"), width: "minmax(200px, 2fr)", cell: (row) => (row.scopes.length ? row.scopes.map((/** @type {string} */ one) => SCOPES[one] ?? one).join(", ") : t("what the role {0} may", labelOf(row.role).toLowerCase())) },
      { key: "user_id", label: t("For"), cell: (row) => (row.user_id ? personName(row.user_id) : "") },
      { key: "created_at", label: t("Created"), sort: "created_at", cell: (row) => html`<time datetime=${row.created_at} title=${inFull(row.created_at)}>${ago(row.created_at)}</time>` },
      { key: "expires_at", label: t("Ends"), sort: "expires_at", cell: (row) => (row.expires_at ? ago(row.expires_at) : t("never")) },
    ],
    fields: () => [
      { key: "name", label: t("Name"), required: true, hint: t("What it is for: 3CX, nightly import") },
      { key: "role", label: t("Role"), type: "select", start: "lookup", options: options(["lookup", "machine", "agent", "manager", "admin"]) },
      { key: "scopes", label: t("May only"), type: "checks", options: options(Object.keys(SCOPES), (one) => SCOPES[one]) },
      { key: "user_id", label: t("For a user"), type: "user" },
      { key: "addresses", label: t("Only from"), type: "words", hint: t("Networks such as 203.0.113.0/24; empty for everywhere") },
      { key: "in_url", label: t("In addresses"), type: "yes", hint: t("Whether it is also taken from a URL, for telephones that send no headers") },
      { key: "expires_at", label: t("Ends"), type: "time" },
    ],
    prepare: (body) => body,
    onMade: (made) => (secrets.value = { ...secrets.peek(), [made.id]: made.token }),
    detail: ({ item }) => html`<${TokenUse} item=${{ ...item, token: secrets.value[item.id] }} />`,
  };
  return html`<${WholeList} spec=${spec} />`;
}
