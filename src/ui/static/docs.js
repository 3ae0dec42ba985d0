// @ts-check
// Starts the reference viewer on our own description of the API. Everything of it that
// would ask another host is off: fonts, its assistant, telemetry, the request proxy.
// Loaded before the viewer, because its validator looks for a setting when it is loaded.

// Without this the validator tries to compile code from text, which the page's policy
// refuses with an error in the console.
Object.assign(globalThis, { __zod_globalConfig: { jitless: true } });

addEventListener("DOMContentLoaded", () => {
  // @ts-expect-error the viewer's script defines this name
  globalThis.Scalar.createApiReference("#docs", {
    url: "/openapi.json",
    withDefaultFonts: false,
    telemetry: false,
    agent: { disabled: true },
    mcp: { disabled: true },
    showDeveloperTools: "never",
    hideClientButton: true,
  });
});
