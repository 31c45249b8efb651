// A certified OpenID provider on loopback, for tests. Reads one JSON object on standard input, prints a line when it answers, and
// ends when standard input does:
//
//   modules   node_modules with oidc-provider      port       where it answers, on 127.0.0.1
//   client    its one client, as the provider's documentation words it
//   key       `old` or `new`: with which of two keys it signs; it publishes that one only
//
// Who signs in as `nurse.groups=a+b@example.org` is `nurse@example.org`, in the groups a and b. An address that begins with
// `unverified` is not verified.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { generateKeyPairSync } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const lines = createInterface({ input: process.stdin });
const given = JSON.parse(await new Promise((resolve) => lines.once("line", resolve)));
lines.on("close", () => process.exit(0));

const require = createRequire(join(given.modules, "index.js"));
const { Provider } = await import(pathToFileURL(require.resolve("oidc-provider")));

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const signing = { ...privateKey.export({ format: "jwk" }), kid: given.key, alg: "RS256", use: "sig" };

function person(id) {
  const [, groups = ""] = /groups=([^@]*)@/.exec(id) ?? [];
  const email = id.replace(/\.groups=[^@]*/, "");
  return {
    accountId: id,
    claims: () => ({
      email,
      email_verified: !id.startsWith("unverified"),
      name: `Example ${email.split("@")[0]}`,
      groups: groups.split("+").filter(Boolean),
    }),
  };
}

const provider = new Provider(`http://127.0.0.1:${given.port}`, {
  clients: [given.client],
  jwks: { keys: [signing] },
  cookies: { keys: ["of no use to anybody"] },
  claims: { openid: ["sub", "groups"], email: ["email", "email_verified"], profile: ["name"] },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  features: { backchannelLogout: { enabled: true }, rpInitiatedLogout: { enabled: true } },
  // What keeps it from speaking to its own machine is left out: the app is there.
  fetch: (url, { dispatcher, ...options }) => globalThis.fetch(url, options),
  findAccount: (_, id) => person(id),
});
provider.on("backchannel.error", (_, error) => console.log(`refused ${error.message}`));
provider.on("backchannel.success", () => console.log("told"));
provider.listen(given.port, "127.0.0.1", () => console.log("answers"));
