// @ts-check
// The pages of records: companies, deals, tasks, lists, jobs. Each is told to `ListPage` by its
// columns, fields and filters.

import { html } from "../dom.js";
import { ListPage } from "../work/list-page.js";
import { companies } from "./companies.js";
import { deals } from "./deals.js";
import { lists } from "./lists.js";
import { tasks } from "./tasks.js";

export { Jobs } from "./jobs.js";

export const Companies = () => html`<${ListPage} spec=${companies} />`;
export const Deals = () => html`<${ListPage} spec=${deals} />`;
export const Tasks = () => html`<${ListPage} spec=${tasks} />`;
export const Lists = () => html`<${ListPage} spec=${lists} />`;
