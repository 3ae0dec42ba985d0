// @ts-check
// The only file that talks to the server; `review/api.js` and `account/api.js` ask through it. One
// function per operation of the public JSON API, named after its operation id. It keeps no state
// but what proves who asks.

import { t, told } from "./text/say.js";
import { errorsText } from "./text/words.js";

/**
 * @typedef {{number: string|null, raw?: string|null, label?: string|null, primary?: boolean,
 *   country?: string|null, extension?: string|null}} Phone
 * @typedef {{address: string, label?: string|null, primary?: boolean}} Email
 * @typedef {{street?: string|null, city?: string|null, region?: string|null,
 *   postal_code?: string|null, country?: string|null, label?: string|null}} Address
 * @typedef {{id: string, version: number, display_name: string, phones: Phone[], emails: Email[],
 *   addresses: Address[], tags: string[], custom_fields: Record<string, unknown>,
 *   created_at: string, updated_at: string, [field: string]: any}} Contact
 * @typedef {{score?: number, why?: string[], weak?: boolean, highlights?: Record<string, [number, number][]>}} Match
 * @typedef {Contact & {match?: Match}} Hit
 * @typedef {{total: number, total_exact?: boolean, next_cursor?: string|null, took_us?: number,
 *   warnings?: string[], stale?: boolean, did_you_mean?: string, contacts: Hit[]}} Page
 * @typedef {{id: string, display_name: string, probability?: number, why?: unknown}} Duplicate
 * @typedef {{id: string, display_name: string, company?: string|null, title?: string|null, phone_label?: string|null,
 *   status?: string, do_not_contact?: boolean, blocked?: boolean, tags?: string[],
 *   last_call?: any, why?: string|string[]}} Caller
 * @typedef {{query: {raw: string, e164: string|null, country: string|null, line_type?: string|null},
 *   match: string, count: number, took_us?: number, results: Caller[]}} Lookup
 * @typedef {{key: string, label: string, type: string, required: boolean, options: string[], state: string}} Definition
 * @typedef {{contact: Contact, etag: string}} Versioned
 * @typedef {{role: string, user_id: string|null, user_name: string|null, organization: string, language: string|null,
 *   permissions: Record<string, boolean>, fields: Record<string, string>,
 *   session: {csrf_token: string}|null}} Me
 */

const TOKEN_KEY = "ringdex.token";
/** A lookup answers no more at once. */
export const MOST_CALLERS = 100;

/** What the server, or the way to it, had to say when something did not work, in the language of the reader. */
export class Problem extends Error {
  /**
   * @param {number} status HTTP status, 0 when no answer came
   * @param {{title?: string, detail?: string, code?: string, [member: string]: any,
   *   errors?: {pointer?: string, code?: string, detail?: string}[]}} body
   * @param {number} [wait] seconds after which it is worth trying again
   */
  constructor(status, body, wait = 0) {
    const errors = (body.errors ?? []).map((one) => ({ ...one, detail: one.detail && told(one.detail, one.code) }));
    super(errors.length ? errorsText(errors) : told(body.detail || body.title || "") || t("the server answered {0}", status));
    this.status = status;
    this.code = body.code ?? "";
    this.errors = errors;
    this.body = body;
    this.wait = wait;
  }
}

/** @type {() => void} */
let onUnauthorized = () => {};

/** Says what to do when nobody is signed in, or not any more. @param {() => void} handler */
export function whenUnauthorized(handler) {
  onUnauthorized = handler;
}

/** @type {(id: string, into: string) => void} */
let onMoved = () => {};

/** Says what to do when a contact turns out to be merged into another one. @param {typeof onMoved} handler */
export function whenMoved(handler) {
  onMoved = handler;
}

/** @returns {string|null} */
export function token() {
  try {
    return sessionStorage.getItem(TOKEN_KEY);
  } catch {
    return null;
  }
}

/** Keeps the token for this tab; null forgets it. @param {string|null} value */
export function setToken(value) {
  try {
    if (value) sessionStorage.setItem(TOKEN_KEY, value);
    else sessionStorage.removeItem(TOKEN_KEY);
  } catch {
    // Without storage the token lasts until nothing else is asked; nothing to do here.
  }
}

/** What goes with the cookie of a session when something is changed. */
let csrf = "";
/** The user of that session. @type {string|null} */
let sessionUser = null;
/** @type {Promise<unknown>} */
let asking = Promise.resolve();

/**
 * @param {string} method
 * @param {string} path
 * @param {{params?: Record<string, unknown>, body?: unknown, type?: string, bearer?: string,
 *   headers?: Record<string, string>, signal?: AbortSignal, again?: boolean}} [options]
 * @returns {Promise<{body: any, etag: string}>}
 */
export async function request(method, path, options = {}) {
  const url = new URL(path, location.origin);
  for (const [key, value] of Object.entries(options.params ?? {})) {
    if (value !== undefined && value !== null && value !== "") url.searchParams.set(key, String(value));
  }
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json", ...options.headers };
  const bearer = options.bearer ?? token();
  if (bearer) headers.Authorization = `Bearer ${bearer}`;
  else if (method !== "GET") {
    await asking;
    if (csrf) headers["X-CSRF-Token"] = csrf;
  }
  const isForm = options.body instanceof FormData;
  if (options.body !== undefined && !isForm) headers["Content-Type"] = options.type ?? "application/json";
  let response;
  try {
    response = await fetch(url, {
      method,
      headers,
      body: options.body === undefined ? undefined : isForm ? /** @type {FormData} */ (options.body) : JSON.stringify(options.body),
      signal: options.signal,
      // A record must be as the server has it now; the browser's cache would not know.
      cache: "no-store",
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Problem(0, { code: "offline", detail: t("Ringdex does not answer. Check the network; what you typed is kept.") });
  }
  if (response.status === 204) return { body: null, etag: "" };
  const body = await response.json().catch(() => ({}));
  if (!response.ok) {
    // A wrong password says nothing about the session.
    if (response.status === 401 && body.code !== "sign_in_refused" && !options.bearer) onUnauthorized();
    if (body.code === "csrf_missing" && !options.again) {
      // Another tab has signed in anew; only for the same person it is the same request.
      const user = sessionUser;
      await myPermissions();
      if (user === sessionUser) return request(method, path, { ...options, again: true });
    }
    if (body.merged_into) onMoved(body.id, body.merged_into);
    throw new Problem(response.status, body, Number(response.headers.get("Retry-After")) || 0);
  }
  return { body, etag: response.headers.get("ETag") ?? "" };
}

/** `my_permissions`: who works here and what that allows. @returns {Promise<Me>} */
export function myPermissions() {
  const answer = request("GET", "/api/v1/me/permissions").then(({ body }) => {
    csrf = body.session?.csrf_token ?? "";
    sessionUser = body.user_id;
    return body;
  });
  asking = answer.catch(() => {});
  return answer;
}

/** `sign_out`, or `sign_out_everywhere` @param {{everywhere: boolean}} how */
export async function signOut({ everywhere }) {
  await request("DELETE", everywhere ? "/api/v1/sessions" : "/api/v1/session");
}

/** @param {{body: any, etag: string}} answer @returns {Versioned} */
function versioned({ body, etag }) {
  return { contact: body, etag: etag || `"${body.version}"` };
}

/** @param {string} id */
const pathOf = (id) => `/api/v1/contacts/${encodeURIComponent(id)}`;

/**
 * `list_contacts`: one page of what a query selects.
 * @param {{q?: string, sort?: string, cursor?: string|null, per_page?: number, deleted?: string}} params
 * @param {AbortSignal} [signal]
 * @returns {Promise<Page>}
 */
export async function listContacts(params, signal) {
  return (await request("GET", "/api/v1/contacts", { params, signal })).body;
}

/** `find_contact`: the one that it was merged into, if it was. @param {string} id @param {AbortSignal} [signal] */
export async function findContact(id, signal) {
  const found = versioned(await request("GET", pathOf(id), { signal }));
  if (found.contact.id !== id) onMoved(id, found.contact.id);
  return found;
}

/**
 * `create_contact`; the key makes sending the same form twice harmless.
 * @param {Record<string, unknown>} draft
 * @param {string} key
 * @returns {Promise<Versioned & {duplicates: Duplicate[]}>}
 */
export async function createContact(draft, key) {
  const answer = await request("POST", "/api/v1/contacts", { body: draft, headers: { "Idempotency-Key": key } });
  return { ...versioned(answer), duplicates: answer.body.duplicates ?? [] };
}

/** `update_contact` @param {string} id @param {Record<string, unknown>} patch @param {string} etag */
export async function updateContact(id, patch, etag) {
  return versioned(
    await request("PATCH", pathOf(id), {
      body: patch,
      type: "application/merge-patch+json",
      headers: { "If-Match": etag },
    }),
  );
}

/** `delete_contact`, for good with everything about it @param {string} id @param {{permanent: boolean}} how */
export async function deleteContact(id, { permanent }) {
  await request("DELETE", pathOf(id), { params: permanent ? { permanent, cascade: true } : {} });
}

/** `restore_contact` @param {string} id */
export async function restoreContact(id) {
  await request("POST", `${pathOf(id)}/restore`);
}

/** `lookup_number` @param {string} number @param {string} [country] @returns {Promise<Lookup>} */
export async function lookupNumber(number, country) {
  return (await request("GET", "/api/v1/lookup", { params: { number, country, limit: MOST_CALLERS } })).body;
}

/** `list_custom_fields`, in their order @returns {Promise<Definition[]>} */
export async function listCustomFields() {
  return (await request("GET", "/api/v1/custom-fields")).body.custom_fields;
}

/** `list_queues` @returns {Promise<{id: string, name: string}[]>} */
export async function listQueues() {
  return (await request("GET", "/api/v1/queues")).body.queues;
}

/** `list_users` @returns {Promise<{id: string, name: string}[]>} */
export async function listUsers() {
  return (await request("GET", "/api/v1/users")).body.users;
}
