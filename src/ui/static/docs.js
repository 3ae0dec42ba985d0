// @ts-check
// Starts the reference viewer on our own description of the API. Everything of it that
// would ask another host is off: fonts, its assistant, telemetry, the request proxy.
/* global Scalar */

// @ts-expect-error the viewer's standalone script defines this name
Scalar.createApiReference("#docs", {
  url: "/openapi.json",
  withDefaultFonts: false,
  telemetry: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  showDeveloperTools: "never",
  hideClientButton: true,
});
