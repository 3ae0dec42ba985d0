// @ts-check
// The operations about signing in and setting up; the rest is in `../api.js`.

import { request, setToken } from "../api.js";

/** `sign_in` @param {string} email @param {string} password */
export async function signIn(email, password) {
  setToken(null);
  await request("POST", "/api/v1/session", { body: { email, password } });
}

/** `change_password`; all sessions end. @param {string} password @param {string} wanted */
export async function changePassword(password, wanted) {
  await request("POST", "/api/v1/me/password", { body: { password, new_password: wanted } });
}

/** `find_setup` @returns {Promise<{needed: boolean, single_sign_on: boolean}>} */
export async function findSetup() {
  return (await request("GET", "/api/v1/setup")).body;
}

/** `set_up` @param {string} bearer @param {Record<string, string>} body */
export async function setUp(bearer, body) {
  await request("POST", "/api/v1/setup", { body, bearer });
}
