// panva's oidc-provider with its own login page, as its manual begins; the first argument is a file with what is to be known.

import { readFileSync } from "node:fs";
import Provider from "oidc-provider";

const { port, issuer, clients, accounts, keys } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const people = new Map(accounts.map((one) => [one.username, one]));

const provider = new Provider(issuer, {
  clients,
  jwks: { keys },
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "groups"] },
  cookies: { keys: ["for tests on one machine and nowhere else"] },
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true } },
  ttl: { AccessToken: 600, IdToken: 600, Interaction: 600, Session: 3600, Grant: 3600 },
  async findAccount(_context, id) {
    const found = people.get(id);
    if (!found) return undefined;
    const claims = { sub: id, name: found.name, email: found.email, email_verified: true, groups: found.groups };
    return { accountId: id, claims: async () => claims };
  },
});
provider.on("server_error", (_context, error) => console.error(error));
for (const event of ["authorization.error", "grant.error", "userinfo.error"]) {
  provider.on(event, (_context, error) => console.error(event, error.message, error.error_description, error.error_detail));
}
provider.listen(port, "127.0.0.1");
