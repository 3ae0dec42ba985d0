// @ts-check
// The rights of roles, as a person would say them.

import { t } from "../text/say.js";

/** @type {Record<string, string>} */
export const RIGHTS = {
  lookup: t("Look a number up"), phonebook: t("Read phone books"), search: t("Search and list contacts"), view: t("Read whole contacts"), create: t("Create contacts"), edit: t("Change contacts"),
  delete: t("Delete contacts so that they can be restored"), erase: t("Delete contacts for good"), export: t("Export contacts"), import: t("Import lists"), merge: t("Merge duplicates"),
  manage_tags: t("Make, rename and remove tags"), manage_fields: t("Define custom fields"), manage_users: t("Manage users, queues, departments and tokens"), manage_settings: t("Change settings and roles"), read_audit: t("Read the audit log"),
};
