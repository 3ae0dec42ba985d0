// @ts-check
// Every page: its address, what it is called, who may see it, and the file that is loaded when it is
// first shown. The rail, the palette and the keys are made of this table.

import { onDemand, withWork } from "./dom.js";
import { me } from "./state/me.js";
import { place } from "./state/url.js";
import { t } from "./text/say.js";

/**
 * @typedef {{name: string, path: string, title: string, icon: string, keys?: string, may: () => boolean,
 *   Page?: any, hidden?: boolean}} PageEntry
 * `keys` is the letter that goes there behind a `g`; a hidden page is in the palette only
 */

/** Whether the person here has one of these rights; no until it is known. @param {...string} rights */
const hasOne = (...rights) => () => rights.some((one) => me.value?.permissions[one]);
const everybody = () => true;
/** The rights that settings are about. */
const SETTERS = ["manage_settings", "manage_users", "manage_fields", "manage_tags", "read_audit"];

const records = (/** @type {string} */ name) => withWork(() => import("./records/pages.js").then((file) => file[name]));

/** @type {PageEntry[]} */
export const PAGES = [
  { name: "console", path: "/", title: t("Home"), icon: "call", keys: "h", may: everybody },
  { name: "contacts", path: "/contacts", title: t("Contacts"), icon: "people", keys: "c", may: hasOne("search"),
    Page: withWork(() => import("./contacts/page.js").then((file) => file.Contacts)) },
  { name: "companies", path: "/companies", title: t("Companies"), icon: "company", keys: "o", may: hasOne("view"), Page: records("Companies") },
  { name: "deals", path: "/deals", title: t("Deals"), icon: "deal", keys: "d", may: hasOne("view"), Page: records("Deals") },
  { name: "tasks", path: "/tasks", title: t("Tasks"), icon: "task", keys: "t", may: hasOne("view"), Page: records("Tasks") },
  { name: "lists", path: "/lists", title: t("Lists"), icon: "list", keys: "l", may: hasOne("view"), Page: records("Lists") },
  { name: "duplicates", path: "/duplicates", title: t("Duplicates"), icon: "twins", keys: "u", may: hasOne("merge"),
    Page: onDemand(() => import("./review/view.js").then((file) => file.Duplicates)) },
  { name: "import", path: "/import", title: t("Import"), icon: "import", keys: "i", may: hasOne("import"),
    Page: withWork(() => import("./importing/page.js").then((file) => file.Import)) },
  { name: "jobs", path: "/jobs", title: t("Jobs"), icon: "job", keys: "j", may: hasOne("edit"), Page: records("Jobs") },
  { name: "settings", path: "/settings", title: t("Settings"), icon: "gear", keys: "s", may: hasOne(...SETTERS),
    Page: withWork(() => import("./settings/page.js").then((file) => file.Settings)) },
  { name: "profile", path: "/profile", title: t("Profile"), icon: "user", keys: "p", may: everybody, hidden: true,
    Page: withWork(() => import("./settings/profile.js").then((file) => file.Profile)) },
];

/** @param {string} view */
export const pageOf = (view) => PAGES.find((one) => one.name === view);

/** The pages that the rail offers to the person here. */
export const offered = () => PAGES.filter((one) => !one.hidden && one.may());

/** Whether a page is on the screen; a caller is part of the calls. @param {PageEntry} page */
export const isHere = ({ name }) => name === (place.value.view === "pop" ? "console" : place.value.view);
