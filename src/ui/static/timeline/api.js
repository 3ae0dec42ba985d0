// @ts-check
// The operations about what has happened with a contact; the rest is in `../api.js`.

import { request } from "../api.js";

/**
 * @typedef {{id: string, type: string, occurred_at: string, by: string, title: string,
 *   record: {kind: string, id: string}, changes?: {field: string, before: any, after: any}[]}} Event
 * @typedef {{id: string, title: string, due_at: string|null}} Task
 */

/** `read_timeline` @param {string} id of a contact @param {string} [cursor] @returns {Promise<{events: Event[], next_cursor: string|null}>} */
export async function readTimeline(id, cursor) {
  return (await request("GET", `/api/v1/contacts/${encodeURIComponent(id)}/timeline`, { params: { cursor } })).body;
}

/** `list_tasks` that are open @param {string} contact @returns {Promise<Task[]>} */
export async function listOpenTasks(contact) {
  const params = { contact_id: contact, status: "open", sort: "due_at" };
  return (await request("GET", "/api/v1/tasks", { params })).body.items;
}

/** `create_note` @param {string} contact @param {string} text */
export async function addNote(contact, text) {
  await request("POST", "/api/v1/notes", { body: { contact_id: contact, text } });
}

/** `create_task` @param {string} contact @param {string} title @param {string|null} due */
export async function addTask(contact, title, due) {
  await request("POST", "/api/v1/tasks", { body: { contact_id: contact, title, due_at: due } });
}

/** `update_task`: it is done. @param {string} id */
export async function setTaskDone(id) {
  await request("PATCH", `/api/v1/tasks/${encodeURIComponent(id)}`, { body: { status: "done" }, type: "application/merge-patch+json" });
}
