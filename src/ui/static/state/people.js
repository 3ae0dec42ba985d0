// @ts-check
// The names of the people and queues of the organisation, for owners and for who changed what.

import { signal } from "../dom.js";
import { listQueues, listUsers, Problem } from "../api.js";
import { t } from "../text/say.js";

const IDENTIFIER = /^[0-9a-f]{8}-[0-9a-f]{4}-/;

/** Names by id, in alphabetical order. @type {import("../vendor/signals.js").Signal<Map<string, string>>} */
export const people = signal(new Map());
let asked = false;

/** Asks for the names, once. */
export async function loadPeople() {
  if (asked) return;
  asked = true;
  try {
    const users = await listUsers();
    people.value = new Map(users.sort((a, b) => a.name.localeCompare(b.name)).map((one) => [one.id, one.name]));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    // Some may not see names; when the server did not answer, the next card asks again.
    asked = error.status === 403;
  }
}

/** Names of queues by id. @type {import("../vendor/signals.js").Signal<Map<string, string>>} */
export const queues = signal(new Map());
let askedQueues = false;

/** Asks for the names of queues, once. */
export function loadQueues() {
  if (askedQueues) return;
  askedQueues = true;
  listQueues().then((all) => (queues.value = new Map(all.map((one) => [one.id, one.name]))), () => (askedQueues = false));
}

/** The name of a queue; asks for the names when the first one is shown. @param {string} queue */
export function queueName(queue) {
  if (IDENTIFIER.test(queue)) loadQueues();
  return queues.value.get(queue) ?? (IDENTIFIER.test(queue) ? t("a queue") : queue);
}

/** The name of a user by id; other text as it is. @param {string} owner */
export function personName(owner) {
  if (!IDENTIFIER.test(owner)) return owner;
  return people.value.get(owner) ?? (people.value.size ? t("Somebody who has left") : t("A colleague"));
}

/** Who did something, from what the server notes of them ("user:ID/token:ID (import)"). @param {string} actor */
export function actorName(actor) {
  const [, id] = actor.match(/^user:([^/ ]+)/) ?? [];
  const how = actor.match(/\((.+)\)$/)?.[1];
  const who = id ? personName(id) : actor.startsWith("token:") ? t("another program") : actor === "demo" ? "" : actor.replace(/ \(.+\)$/, "");
  return how ? `${who} (${how})` : who;
}
