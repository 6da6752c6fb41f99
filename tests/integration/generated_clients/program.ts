// What the programs of both generators share: their arguments, and what they print.

declare const process: { argv: string[] };

export const [, , baseUrl = "", username = "", password = ""] = process.argv;
export const email = `${username}@example.org`;
export const asForm = { "Content-Type": "application/x-www-form-urlencoded" };

interface Answer<Data> {
  data?: Data | undefined;
}
interface Refusal {
  error?: { code: string } | undefined;
  response?: { status: number } | undefined;
}
type Account = Answer<{ username: string }>;

export interface Answers {
  signedUp: Answer<{ message: string }>;
  signedIn: Account;
  signedInByForm: Account;
  account: Answer<{ session: { address: string | null } }>;
  content: Answer<string>;
  refused: Refusal;
  forbidden: Refusal;
  revocations: Answer<string>;
  refreshed: Account;
  signedOut: { response?: { status: number } | undefined };
}

export function print(answers: Answers): void {
  console.log(
    JSON.stringify({
      signedUp: answers.signedUp.data?.message,
      signedIn: answers.signedIn.data?.username,
      signedInByForm: answers.signedInByForm.data?.username,
      account: answers.account.data?.session.address,
      content: answers.content.data,
      refused: answers.refused.error && answers.refused.response?.status,
      forbidden: answers.forbidden.error?.code,
      revocations: answers.revocations.data?.split(".").length,
      refreshed: answers.refreshed.data?.username,
      signedOut: answers.signedOut.response?.status,
    }),
  );
}
